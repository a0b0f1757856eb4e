import Foundation
import Synchronization

/// What one test works with: a folder, a receiver for callbacks, a server. All of it ends with the test; the folder
/// stays when the test failed.
public final class TestBed: Sendable {
    /// The bed of the test that is running.
    @TaskLocal public static var current: TestBed?

    /// The first business server's token: its callbacks go to `/one`, signed.
    public static let token = "token-of-the-first-4f1d"
    /// The second one's: its callbacks go to `/two`, unsigned.
    public static let secondToken = "token-of-the-second-a77e"
    /// The bytes of the first one's secret.
    public static let secretBytes = SeededGenerator.bytes(32, seed: 4711)
    /// The first one's secret, as it is configured.
    public static let secret = "whsec_" + Data(secretBytes).base64EncodedString()

    /// The folder of this test.
    public let folder: String
    /// Takes the callbacks.
    public let receiver: RecordingReceiver
    /// The server, not started yet.
    public let server: ServerProcess
    /// Loaded into the server, where the test asked for it.
    public let shim: FaultShim?
    private let processes = Mutex<[ProgramProcess]>([])
    private let hasFailed = Mutex(false)

    private init(_ folder: String, _ shim: FaultShim?, overrides: [String], environment: [String: String]) throws {
        (self.folder, self.shim) = (folder, shim)
        receiver = try RecordingReceiver()
        server = try ServerProcess(
            folder: folder, businessServers: Self.businessServers(receiver), overrides: overrides,
            environment: environment.merging(shim?.environment ?? [:]) { $1 })
    }

    private static func newFolder() -> String {
        FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("fupload-contract-\(UUID().uuidString.prefix(8))").path
    }

    /// Runs a test: the receiver and the server are up when `body` begins.
    public static func run(
        overrides: [String], environment: [String: String] = [:], startsServer: Bool = true,
        _ body: (TestBed) async throws -> Void
    ) async throws {
        let bed = try TestBed(newFolder(), nil, overrides: overrides, environment: environment)
        try await bed.run(startsServer: startsServer) { try await body(bed) }
    }

    /// The same with the overrides one by one.
    public static func run(
        _ overrides: String..., environment: [String: String] = [:], startsServer: Bool = true,
        _ body: (TestBed) async throws -> Void
    ) async throws {
        try await run(overrides: overrides, environment: environment, startsServer: startsServer, body)
    }

    /// Runs a test with a ``FaultShim`` in the server, through all of its restarts.
    ///
    /// - Parameter records: whether it logs all changes of files in the bed's folder.
    /// - Throws: ``FaultShim/Unhit`` when a rule that was given met no call: the test would have shown nothing.
    @discardableResult
    public static func runWithShim<Result>(
        _ overrides: String..., environment: [String: String] = [:], startsServer: Bool = true, records: Bool = false,
        _ body: (TestBed, FaultShim) async throws -> Result
    ) async throws -> Result {
        let folder = newFolder()
        let shim = try FaultShim(folder: folder, records: records)
        let bed = try TestBed(folder, shim, overrides: overrides, environment: environment)
        return try await bed.run(startsServer: startsServer) {
            let result = try await body(bed, shim)
            try shim.requireHits()
            return result
        }
    }

    private func run<Result>(startsServer: Bool, _ body: () async throws -> Result) async throws -> Result {
        // One within another works on the other's turn: it would wait for itself.
        guard Self.current == nil else { return try await perform(startsServer: startsServer, body) }
        return try await BedGate.shared.pass { try await perform(startsServer: startsServer, body) }
    }

    private func perform<Result>(startsServer: Bool, _ body: () async throws -> Result) async throws -> Result {
        try await Self.$current.withValue(self) {
            do {
                try await receiver.start()
                if startsServer { try await server.start() }
                let result = try await body()
                await end()
                return result
            } catch {
                noteFailure()
                await end()
                throw error
            }
        }
    }

    /// A process that ends with the test.
    public func own(_ process: ProgramProcess) -> ProgramProcess {
        processes.withLock { $0.append(process) }
        return process
    }

    /// Keeps the folder.
    public func noteFailure() {
        hasFailed.withLock { $0 = true }
    }

    /// Below `bServer:`, with callbacks to this receiver.
    public static func businessServers(_ receiver: RecordingReceiver) -> String {
        """
          \(token):
            name: "one"
            notifyUrl: "\(receiver.url("/one"))"
            secret: "\(secret)"
          \(secondToken):
            name: "two"
            notifyUrl: "\(receiver.url("/two"))"
        """
    }

    private func end() async {
        for process in processes.withLock({ $0 }) { await process.end() }
        await server.process?.end()
        await receiver.stop()
        guard !hasFailed.withLock({ $0 }) else { return }
        try? FileManager.default.removeItem(atPath: folder)
    }
}
