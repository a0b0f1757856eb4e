import Foundation
import Glibc
import Synchronization

/// A program under test as a process: its output line by line, its end, signals to it.
public final class ProgramProcess: Sendable {
    /// What the process has said so far.
    public struct Output: Sendable {
        /// Lines of standard output.
        public var lines: [String] = []
        /// Lines of standard error.
        public var errorLines: [String] = []
        /// How it ended; `nil` while it runs.
        public var exit: ExitStatus?

        /// Standard output as text.
        public var text: String { lines.joined(separator: "\n") }
        /// Standard error as text.
        public var errorText: String { errorLines.joined(separator: "\n") }
    }

    /// The process id.
    public let pid: Int32
    /// Output and end, to wait on.
    public let output = Watched(Output())
    private let name: String
    private let input: Mutex<Int32?>
    private let isReaped = Mutex(false)
    private let errorGate: ReadingGate

    /// Starts `program`: a path, or a name to be found in PATH.
    ///
    /// - Parameters:
    ///   - environment: added to the test runner's.
    ///   - log: a file that standard error is appended to.
    public init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], folder: String? = nil,
        log: String? = nil
    ) throws {
        name = URL(fileURLWithPath: program).lastPathComponent
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (child, ends) = try Spawn.withPipes { pipes in
            defer { for end in [pipes[0].read, pipes[1].write, pipes[2].write] { close(end) } }
            let child = try Spawn.run(
                program, arguments, environment: variables, folder: folder,
                streams: .init(input: pipes[0].read, output: pipes[1].write, error: pipes[2].write))
            return (child, (input: pipes[0].write, output: pipes[1].read, error: pipes[2].read))
        }
        pid = child
        input = Mutex(ends.input)
        errorGate = ReadingGate(ends.error)
        let readers = DispatchGroup()
        Self.read(ends.output, behind: ReadingGate(ends.output), in: readers, log: nil) { [output] line in
            output.update { $0.lines.append(line) }
        }
        Self.read(ends.error, behind: errorGate, in: readers, log: log) { [output] line in
            output.update { $0.errorLines.append(line) }
        }
        // The thread keeps the object, so that a process without an owner is reaped all the same.
        Thread.detachNewThread { [self] in
            Spawn.waitForEnd(of: pid)
            readErrors()
            readers.wait()
            let status = isReaped.withLock { isReaped in
                isReaped = true
                return Spawn.reap(pid)
            }
            closeInput()
            output.update { $0.exit = status }
        }
    }

    /// The path of one of the package's own programs, next to the test bundle.
    public static func path(ofProduct name: String) throws -> String {
        let starts = [CommandLine.arguments.first ?? "", "/proc/self/exe"]
        for start in starts {
            var folder = URL(fileURLWithPath: start).resolvingSymlinksInPath()
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                let candidate = folder.appendingPathComponent(name).path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue,
                    FileManager.default.isExecutableFile(atPath: candidate)
                {
                    return candidate
                }
            }
        }
        throw NotBuilt(name: name)
    }

    /// A program of the package is not where the test bundle is.
    public struct NotBuilt: Error, CustomStringConvertible {
        let name: String
        /// One sentence.
        public var description: String { "\(name) is not next to the test bundle: swift build first" }
    }

    // MARK: Talking to it

    /// Sends a signal, unless the process has ended.
    public func signal(_ number: Int32) {
        isReaped.withLock { isReaped in
            if !isReaped { Glibc.kill(pid, number) }
        }
    }

    /// Writes a line to its standard input.
    public func send(_ line: String) {
        input.withLock { input in
            guard let input else { return }
            let bytes = Array("\(line)\n".utf8)
            _ = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
        }
    }

    /// Ends its standard input.
    public func closeInput() {
        input.withLock { input in
            if let descriptor = input { close(descriptor) }
            input = nil
        }
    }

    /// Leaves its standard error unread from now on: a pipe of one page, where there was no more in it.
    public func leaveErrorsUnread() { errorGate.shut() }

    /// Reads its standard error again, as it does by itself when the process has ended.
    public func readErrors() { errorGate.open() }

    // MARK: Waiting for it

    /// Waits for the end.
    @discardableResult
    public func waitForExit(within limit: Duration = .seconds(30)) async throws -> ExitStatus {
        try await output.wait("the end of \(name) (\(pid))", within: limit) { $0.exit }
    }

    /// Waits for a line of standard error that contains `text`.
    public func waitForError(containing text: String, within limit: Duration = .seconds(30)) async throws -> String {
        // It is asked at each line, and there may be thousands.
        let looked = Mutex(0)
        let found = try await output.wait("'\(text)' from \(name) (\(pid))", within: limit) { output in
            let new = looked.withLock { looked in
                defer { looked = output.errorLines.count }
                return output.errorLines[looked...]
            }
            if let line = new.first(where: { $0.contains(text) }) { return Optional(line) as String?? }
            return output.exit == nil ? nil : .some(nil)
        }
        guard let found else { throw EndedEarly(name: name, text: text, output: output.value) }
        return found
    }

    /// The process ended before it said what was awaited.
    public struct EndedEarly: Error, CustomStringConvertible {
        let name: String
        let text: String
        let output: Output
        /// What it said instead.
        public var description: String {
            "\(name) ended (\(output.exit.map { "\($0)" } ?? "?")) without '\(text)': \(output.errorText)"
        }
    }

    /// Kills the process if it still runs, and waits for its end.
    public func end() async {
        signal(SIGKILL)
        _ = try? await waitForExit()
    }

    private static func read(
        _ descriptor: Int32, behind gate: ReadingGate, in group: DispatchGroup, log: String?,
        _ take: @escaping @Sendable (String) -> Void
    ) {
        group.enter()
        Thread.detachNewThread {
            let file = log.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) } ?? -1
            var rest: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                gate.pass()
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                if file >= 0 { _ = write(file, buffer, count) }
                rest += buffer[..<count]
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    take(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                }
            }
            if !rest.isEmpty { take(String(decoding: rest, as: UTF8.self)) }
            if file >= 0 { close(file) }
            gate.close()
            group.leave()
        }
    }
}
