/// Lines of columns, as wide as what is in them.
struct TextTable {
    private var rows: [[String]]
    private let right: Set<Int>

    /// - Parameter right: the columns that are set to the right, by number.
    init(_ titles: [String], right: Set<Int> = []) {
        rows = [titles.map(oneLine)]
        self.right = right
    }

    mutating func add(_ row: [String]) {
        rows.append(row.map(oneLine))
    }

    /// All lines, without spaces at their ends.
    var lines: [String] {
        let widths = rows.reduce(into: [Int]()) { widths, row in
            for (column, text) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], text.count)
            }
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return right.contains(column) ? space + text : text + space
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// A text that strangers chose, without what would steer a terminal.
func oneLine(_ text: String) -> String {
    String(
        text.unicodeScalars.map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
            default: Character(scalar)
            }
        })
}

/// `1.4 GiB`: a size for people.
func size(_ bytes: Int64) -> String {
    guard bytes >= 1024 else { return "\(bytes) B" }
    var (value, unit) = (Double(bytes), 0)
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while value >= 1024, unit + 1 < units.count { (value, unit) = (value / 1024, unit + 1) }
    let tenths = Int((value * 10).rounded(.down))
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
}

/// `41.2 %`, never 100 before it is all.
func percent(_ part: Int64, of whole: Int64) -> String {
    guard whole > 0 else { return "100.0 %" }
    let tenths = Int(Double(part) / Double(whole) * 1000)
    return "\(tenths / 10).\(tenths % 10) %"
}
