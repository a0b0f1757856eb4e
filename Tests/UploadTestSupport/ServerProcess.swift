import Foundation
import Glibc
import Synchronization

/// One installation of fuploadServer: its folders stay while the process comes and goes.
public final class ServerProcess: Sendable {
    private struct State {
        var process: ProgramProcess?
        var port = 0
        var scheme = "http"
    }

    /// Holds everything else.
    public let folder: String
    /// Standard error of all runs, one after the other.
    public var log: String { folder + "/server.log" }
    /// The configuration file.
    public var configuration: String { folder + "/fupload.yml" }
    /// The SQLite file.
    public var database: String { folder + "/data/fupload.sqlite" }
    /// Where unfinished files go.
    public var tmpDirectory: String { folder + "/tmp" }
    /// Where finished files go.
    public var storeDirectory: String { folder + "/store" }
    /// The database through the shell.
    public var sqlite: SQLiteShell { SQLiteShell(path: database) }
    let overrides: [String]
    let environment: [String: String]
    private let state = Mutex(State())

    /// Writes the configuration; nothing runs yet.
    ///
    /// - Parameters:
    ///   - businessServers: what belongs below `bServer:`, indented.
    ///   - overrides: as `key=value`.
    public init(
        folder: String, businessServers: String, overrides: [String] = [], environment: [String: String] = [:]
    ) throws {
        self.folder = folder
        self.environment = environment
        self.overrides = ["server.host=127.0.0.1", "server.port=0", "admin.port=0"] + overrides
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let text = """
            env: "test"
            database: "\(database)"
            tmpDir: "\(tmpDirectory)"
            storeDir: "\(storeDirectory)"
            logLevel: debug
            callbackSchedule: 100ms
            bServer:
            \(businessServers)

            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: configuration))
    }

    /// The process that runs, or ran last.
    public var process: ProgramProcess? { state.withLock { $0.process } }
    /// The port that it listens on.
    public var port: Int { state.withLock { $0.port } }
    /// The start of every URL.
    public var base: String { state.withLock { "\($0.scheme)://127.0.0.1:\($0.port)" } }
    /// The secrets of task keys.
    public var keyFile: String { database + ".key" }

    /// Starts, without waiting for anything.
    ///
    /// - Parameter wrapper: a program and its arguments that runs the server in its place.
    @discardableResult
    public func launch(
        overrides more: [String] = [], environment extra: [String: String] = [:], through wrapper: [String] = []
    ) throws -> ProgramProcess {
        let arguments = ["-c", configuration] + (overrides + more).flatMap { ["--set", $0] }
        let command = wrapper + [try ProgramProcess.path(ofProduct: "fuploadServer")] + arguments
        // More often than without a test, so that what a test does meets some.
        let all = ["CHECKPOINT_PAGES": "1000"].merging(environment) { $1 }.merging(extra) { $1 }
        let process = try ProgramProcess(
            command[0], Array(command.dropFirst()), environment: all, folder: folder, log: log)
        let isEncrypted = (overrides + more).contains { $0.hasPrefix("server.tls.certificate=") }
        state.withLock { state in
            state.process = process
            state.scheme = isEncrypted ? "https" : "http"
        }
        return process
    }

    /// Starts, and returns once connections are accepted.
    public func start(
        overrides more: [String] = [], environment: [String: String] = [:], through wrapper: [String] = []
    ) async throws {
        let process = try launch(overrides: more, environment: environment, through: wrapper)
        let line = try await process.waitForError(containing: "listening on ")
        let digits = line.components(separatedBy: "listening on ").last?.split(separator: ":").last ?? ""
        guard let port = Int(digits.prefix { $0.isNumber }) else { throw TimedOut(what: "a port in '\(line)'") }
        state.withLock { $0.port = port }
    }

    /// The start of the URLs for operators, of the process that runs.
    public func adminBase() async throws -> String {
        let announcement = "operators are served at "
        let line = try await process?.waitForError(containing: announcement) ?? ""
        guard let place = line.components(separatedBy: announcement).last?.split(separator: " ").first else {
            throw TimedOut(what: "an address in '\(line)'")
        }
        return "http://\(place)"
    }

    /// kill -9, and waits for the end.
    public func kill() async throws {
        process?.signal(SIGKILL)
        try await process?.waitForExit()
    }

    /// SIGTERM, and waits for the end.
    @discardableResult
    public func terminate(within limit: Duration = .seconds(30)) async throws -> ExitStatus? {
        process?.signal(SIGTERM)
        return try await process?.waitForExit(within: limit)
    }

    /// The log of all runs.
    public func logText() throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: log)), as: UTF8.self)
    }

    /// The staging files, paths below ``tmpDirectory``.
    public func stagingFiles() -> [String] {
        (FileManager.default.enumerator(atPath: tmpDirectory)?.allObjects as? [String] ?? [])
            .filter { $0.hasSuffix(".part") }
    }

    /// A finished file's bytes; `nil` when there is none.
    public func stored(_ path: String) -> [UInt8]? {
        TemporaryDirectory.read(path.hasPrefix("/") ? path : storeDirectory + "/" + path)
    }
}
