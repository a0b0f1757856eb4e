/// What a client does with one upload.
public enum SoakBehaviour: String, Sendable, CaseIterable {
    /// Blocks of all sizes in any order, some at once.
    case plain
    /// The same, and some of them again.
    case repeats
    /// Blocks that overlap.
    case overlaps
    /// Two clients register the same file, and both send all of it.
    case twoAtOnce
    /// Pauses, is refused, resumes.
    case pauses
    /// Cancels while blocks are under way.
    case cancels
    /// Goes away and does not come back.
    case vanishes
    /// Goes away, registers again, asks what is missing.
    case returns
    /// Declares a wrong MD5 for a block.
    case lies
    /// Registers with a wrong MD5 of the file.
    case wrongFile
    /// A file without bytes.
    case empty
    /// Two files for one place.
    case sameTarget
    /// A file for a place where a folder stands.
    case blocked
    /// Connections end in the middle of blocks, or stay open without a byte.
    case breaksOff
    /// A block that comes in small pieces.
    case slow
    /// Wrong tokens, wrong keys, noise.
    case stranger

    /// How often it is drawn, among the others.
    private var weight: Int {
        switch self {
        case .plain: 8
        case .repeats, .overlaps, .twoAtOnce, .pauses, .cancels, .returns: 4
        case .lies, .breaksOff, .sameTarget: 3
        case .vanishes, .wrongFile, .empty, .slow, .stranger: 2
        case .blocked: 1
        }
    }

    /// The callbacks that an upload may end in, as far as that is known at its beginning.
    var outcomes: Set<String> {
        switch self {
        case .cancels: ["0", "-3"]
        case .vanishes: ["-1"]
        case .wrongFile: ["-2"]
        case .blocked: ["-4"]
        case .stranger: []
        default: ["0"]
        }
    }

    private static let urn = allCases.flatMap { Array(repeating: $0, count: $0.weight) }

    static func draw(using random: inout SeededGenerator) -> SoakBehaviour {
        urn[Int.random(in: urn.indices, using: &random)]
    }
}
