import Foundation

extension ProgramProcess {
    /// Open descriptors but those of the database, which opens some when it needs them.
    public func descriptors() throws -> Int {
        let folder = "/proc/\(pid)/fd/"
        return try FileManager.default.contentsOfDirectory(atPath: folder).count { name in
            // One that is gone by now counts for nothing.
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + name)
            return target.map { !$0.contains(".sqlite") } ?? false
        }
    }

    /// Memory in use, in KiB (VmRSS).
    public func residentKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }

    /// Waits until there are no more than this many descriptors: connections whose end nobody tells are gone then.
    public func settle(at count: Int, within limit: Duration = .seconds(30)) async throws {
        _ = try await eventually("\(count) descriptors", within: limit) {
            try descriptors() <= count ? true : nil
        }
    }
}
