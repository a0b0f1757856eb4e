/// How the use that a server makes of memory and descriptors changed over a phase, at both ends of which it was idle.
struct SoakGrowth: CustomStringConvertible {
    /// Five connections (SQLite's, of one writer and four readers) with two files each, the files that they share, and the
    /// lock: twice that.
    private static let mostOnDatabase = 24

    var phase: String
    /// Bytes of memory.
    var allowance: Int
    var before: ProcessUse
    var after: ProcessUse

    /// What must not be.
    var problems: [String] {
        var problems: [String] = []
        if before.descriptors != after.descriptors {
            problems.append("descriptors \(phase), when idle: \(before.descriptors), later \(after.descriptors)")
        }
        if after.database > Self.mostOnDatabase {
            problems.append("descriptors \(phase), on the database: \(before.database), later \(after.database)")
        }
        if after.resident > before.resident + allowance {
            problems.append("memory \(phase), when idle: \(before), later \(after)")
        }
        return problems
    }

    var description: String { "\(phase), when idle: \(before) at the beginning, \(after) at the end" }
}
