import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import ServiceLifecycle
import Synchronization

/// A business server's callback address: records what comes, and answers as it is told.
public final class RecordingReceiver: Sendable {
    /// One callback.
    public struct Recorded: Sendable {
        /// The path it came to.
        public let path: String
        /// Headers, names in lower case.
        public let headers: [String: String]
        /// The body, byte for byte.
        public let body: [UInt8]

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
        /// The body as JSON.
        public var json: JSONTree { (try? JSONTree(body)) ?? .null }
        /// `retCode`.
        public var retCode: String? { json["retCode"].text }
        /// `taskId`.
        ///
        /// Found in the text: what the feedback contains is not for every JSON decoder.
        public var taskID: Int64? {
            text.matches(of: /"taskId":(\d+)/).last.flatMap { Int64($0.output.1) }
        }
        /// The header of that name.
        public var webhookID: String? { headers["webhook-id"] }
    }

    /// How to answer.
    public enum Answer: Sendable {
        /// With this status and header.
        case status(Int, header: (name: String, value: String)? = nil)
        /// With 200, after so long.
        case late(Duration)
        /// Not at all.
        case hang
    }

    private struct State {
        var plans: [String: [Answer]] = [:]
        var inspect: (@Sendable (Recorded) -> Void)?
        var running: (group: ServiceGroup, end: Task<Void, Never>)?
    }

    /// The port, the same after every ``start()``.
    public let port: Int
    /// All that came, in order.
    public let recorded = Watched<[Recorded]>([])
    private let state = Mutex(State())
    private let identity: TestCA.Identity?
    /// Those who wait with an answer stop waiting when it goes down.
    private let isUp = Watched(false)

    /// A receiver that is not up yet.
    ///
    /// - Parameter identity: what it serves https with.
    public init(_ identity: TestCA.Identity? = nil) throws {
        port = try FreePort.find()
        self.identity = identity
    }

    /// The URL of a path.
    public func url(_ path: String) -> String { "http\(identity == nil ? "" : "s")://127.0.0.1:\(port)\(path)" }

    /// What the next callbacks to `path` are answered; 200 after that.
    public func plan(_ answers: [Answer], for path: String) {
        state.withLock { $0.plans[path] = answers }
    }

    /// Called with every callback before it is answered.
    public func inspect(_ body: @escaping @Sendable (Recorded) -> Void) {
        state.withLock { $0.inspect = body }
    }

    /// Comes up; returns once connections are accepted.
    public func start() async throws {
        let router = Router()
        router.add(middleware: Recorder(receiver: self))
        var logger = Logger(label: "receiver")
        logger.logLevel = .critical
        let (listening, continuation) = AsyncThrowingStream.makeStream(of: Void.self)
        let application = Application(
            router: router, server: try server(),
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in continuation.yield() }, logger: logger)
        let group = ServiceGroup(services: [application], logger: logger)
        isUp.update { $0 = true }
        let end = Task {
            do {
                try await group.run()
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        state.withLock { $0.running = (group, end) }
        for try await _ in listening { break }
    }

    private func server() throws -> HTTPServerBuilder {
        guard let identity else { return .http1() }
        let chain = try NIOSSLCertificate.fromPEMFile(identity.certificate)
        let key = try NIOSSLPrivateKey(file: identity.key, format: .pem)
        return try .tls(
            tlsConfiguration: .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
    }

    /// Goes down; connections are closed.
    ///
    /// Not by cancelling: a connection that was accepted a moment before has nobody to close it then, and the transport
    /// ends the process.
    public func stop() async {
        let running = state.withLock { state in
            defer { state.running = nil }
            return state.running
        }
        isUp.update { $0 = false }
        await running?.group.triggerGracefulShutdown()
        await running?.end.value
    }

    /// Waits for the callback number `count` (from 1) of a task.
    public func callback(
        for task: Int64, _ count: Int = 1, within limit: Duration = .seconds(30)
    ) async throws -> Recorded {
        try await recorded.wait("callback \(count) for task \(task)", within: limit) { recorded in
            let own = recorded.filter { $0.taskID == task }
            return own.count >= count ? own[count - 1] : nil
        }
    }

    /// The callbacks of a task so far.
    public func callbacks(for task: Int64) -> [Recorded] {
        recorded.value.filter { $0.taskID == task }
    }

    private func take(_ callback: Recorded) -> Answer {
        let (inspect, answer) = state.withLock { state in
            var plan = state.plans[callback.path] ?? []
            let answer = plan.isEmpty ? Answer.status(200) : plan.removeFirst()
            state.plans[callback.path] = plan
            return (state.inspect, answer)
        }
        inspect?(callback)
        recorded.update { $0.append(callback) }
        return answer
    }

    private struct Recorder: RouterMiddleware {
        let receiver: RecordingReceiver

        func handle(
            _ request: Request, context: BasicRequestContext,
            next: (Request, BasicRequestContext) async throws -> Response
        ) async throws -> Response {
            let body = try await request.body.collect(upTo: 1 << 22)
            var headers: [String: String] = [:]
            for field in request.headers { headers[field.name.canonicalName] = field.value }
            headers[":method"] = request.method.rawValue
            let callback = Recorded(
                path: request.uri.path, headers: headers, body: Array(body.readableBytesView))
            switch receiver.take(callback) {
            case .status(let code, let header):
                var fields = HTTPFields()
                if let header, let name = HTTPField.Name(header.name) { fields[name] = header.value }
                return Response(status: .init(code: code), headers: fields)
            case .late(let duration):
                try await Task.sleep(for: duration)
                return Response(status: .ok)
            case .hang:
                _ = try await receiver.isUp.wait("the receiver's end", within: .seconds(3600)) { $0 ? nil : true }
                return Response(status: .serviceUnavailable)
            }
        }
    }
}
