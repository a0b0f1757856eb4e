import UploadCore

/// Where a ``DoctorVisit`` says what it finds.
public protocol DoctorOutput {
    /// Before anything else.
    mutating func begin()
    /// A finding.
    mutating func tell(_ finding: Finding)
    /// The end, with what was counted.
    mutating func end(_ checkup: Checkup)
    /// The end, when it could not check.
    mutating func fail(_ reason: String)
}

/// For people: one line a finding, one line at the end.
public struct DoctorLines: DoctorOutput {
    /// Finished files which their receivers took away may be very many.
    private static let notesShown = 20

    private let print: (String) -> Void
    private let complain: (String) -> Void
    private var notes: [Finding.Check: Int] = [:]

    /// - Parameters:
    ///   - print: takes a line.
    ///   - complain: takes the line which says why it could not check.
    public init(print: @escaping (String) -> Void, complain: @escaping (String) -> Void) {
        self.print = print
        self.complain = complain
    }

    /// Says nothing.
    public mutating func begin() {}

    /// `problem blocks task 1234: …`
    public mutating func tell(_ finding: Finding) {
        if finding.severity == .note {
            notes[finding.check, default: 0] += 1
            guard notes[finding.check, default: 0] <= Self.notesShown else { return }
        }
        let task = finding.task.map { " task \($0)" } ?? ""
        print("\(finding.severity.rawValue) \(finding.check.rawValue)\(task): \(Self.oneLine(finding.text))")
    }

    /// The counts.
    public mutating func end(_ checkup: Checkup) {
        for check in Finding.Check.allCases {
            let hidden = notes[check, default: 0] - Self.notesShown
            if hidden > 0 { print("note \(check.rawValue): \(hidden) more notes like these, --json has them all") }
        }
        print(
            "checked \(checkup.tasks) tasks (\(checkup.openTasks) open), \(checkup.blocks) blocks and "
                + "\(checkup.finishedFiles) finished files, \(checkup.hashedBytes) bytes hashed: "
                + "\(checkup.problems) problems, \(checkup.notes) notes, \(checkup.repaired) repaired")
    }

    /// One sentence.
    public mutating func fail(_ reason: String) {
        complain("could not check: \(Self.oneLine(reason))")
    }

    /// Paths hold what business servers chose; they must not be able to forge a line.
    private static func oneLine(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.isUnseen ? "?" : Character($0) })
    }
}

/// For programs: one JSON object, written as it comes to be.
public struct DoctorJSON: DoctorOutput {
    private let print: (String) -> Void
    private var isFirst = true

    /// - Parameter print: takes a line.
    public init(print: @escaping (String) -> Void) {
        self.print = print
    }

    /// Opens the object and the array.
    public mutating func begin() {
        print("{\"findings\":[")
    }

    /// An element.
    public mutating func tell(_ finding: Finding) {
        let (severity, check) = (finding.severity.rawValue, finding.check.rawValue)
        let task = finding.task.map { ",\"taskId\":\($0)" } ?? ""
        let text = jsonString(finding.text)
        let element = "{\"severity\":\"\(severity)\",\"check\":\"\(check)\"\(task),\"text\":\(text)}"
        print(isFirst ? element : "," + element)
        isFirst = false
    }

    /// The counts.
    public mutating func end(_ checkup: Checkup) {
        print(
            "],\"counts\":{\"tasks\":\(checkup.tasks),\"openTasks\":\(checkup.openTasks),\"blocks\":\(checkup.blocks),"
                + "\"finishedFiles\":\(checkup.finishedFiles),\"hashedBytes\":\(checkup.hashedBytes),"
                + "\"problems\":\(checkup.problems),\"notes\":\(checkup.notes),\"repaired\":\(checkup.repaired)}}")
    }

    /// The reason in place of the counts.
    public mutating func fail(_ reason: String) {
        print("],\"error\":\(jsonString(reason))}")
    }
}
