import Foundation

/// What a process holds at a moment, from /proc (proc(5)).
public struct ProcessUse: Sendable, CustomStringConvertible {
    /// Open descriptors by what they are open on: `socket`, the kind of an anonymous inode, or a file's path. Without those
    /// on the database, which opens connections for readers when it needs them.
    public var descriptors: [String: Int] = [:]
    /// Those on the database's files.
    public var database = 0
    /// Resident memory in bytes.
    public var resident = 0

    /// Looks; `nil` when there is no such process any more.
    public init?(of pid: Int32) {
        let folder = "/proc/\(pid)/fd"
        guard let numbers = try? FileManager.default.contentsOfDirectory(atPath: folder),
            let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
        else { return nil }
        resident = kibibytes << 10
        for number in numbers {
            // A descriptor may have been closed since.
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + number)
            else { continue }
            if target.contains(".sqlite") {
                database += 1
            } else {
                descriptors[target.hasPrefix("socket:") ? "socket" : target, default: 0] += 1
            }
        }
    }

    /// How many descriptors there are.
    public var count: Int { descriptors.values.reduce(database, +) }
    /// Sockets, the listening ones among them.
    public var sockets: Int { descriptors["socket"] ?? 0 }

    /// Both figures.
    public var description: String { "\(count) descriptors, \(resident >> 20) MiB" }
}
