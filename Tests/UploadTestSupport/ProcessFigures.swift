import Foundation

extension ProgramProcess {
    /// What its descriptors are open on, but for the database, which opens some when it needs them.
    public func openFiles() throws -> [String] {
        let folder = "/proc/\(pid)/fd/"
        return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name in
            // One that is gone by now counts for nothing.
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + name)
            return target.flatMap { $0.contains(".sqlite") ? nil : $0 }
        }
    }

    /// How many they are.
    public func descriptors() throws -> Int {
        try openFiles().count
    }

    /// Time on a processor, in ticks of usually 10 ms.
    public func processorTicks() throws -> Int {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // The name, in brackets, may hold spaces; user and system time are the 12th and 13th field behind it.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        return fields.dropFirst(12).prefix(2).compactMap { Int($0) }.reduce(0, +)
    }

    /// Bytes read since it began, from files and sockets alike.
    public func bytesRead() throws -> Int {
        let figures = try String(contentsOfFile: "/proc/\(pid)/io", encoding: .utf8)
        let line = figures.split(separator: "\n").first { $0.hasPrefix("rchar:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }

    /// Memory in use, in KiB (VmRSS).
    public func residentKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }

    /// How many descriptors the server has open while it has nothing to do: what it does at its start is over.
    public func restingDescriptors() async throws -> Int {
        _ = try await waitForError(containing: "staging files checked")
        return try descriptors()
    }

    /// Waits until there are no more than this many descriptors: connections whose end nobody tells are gone then.
    public func settle(at count: Int, within limit: Duration = .seconds(30)) async throws {
        do {
            _ = try await eventually("\(count) descriptors", within: limit) {
                try descriptors() <= count ? true : nil
            }
        } catch is TimedOut {
            throw TimedOut(what: "\(count) descriptors, still open: \(try openFiles().sorted())")
        }
    }
}
