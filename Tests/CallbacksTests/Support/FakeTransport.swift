import Synchronization

@testable import Callbacks

/// Answers from a script; its receivers may hang.
final class FakeTransport: CallbackTransport {
    enum Reply: Sendable {
        case status(Int, retryAfter: String? = nil)
        case failure(String)
        /// Answers 200 when ``open`` is raised.
        case held
        case never
    }

    private struct State {
        var script: [String: [Reply]] = [:]
        var requests: [CallbackRequest] = []
        var inFlight: [String: Int] = [:]
        var peak: [String: Int] = [:]
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    /// Lets go what is held.
    let open = Signal()
    private let state = Mutex(State())

    var requests: [CallbackRequest] { state.withLock { $0.requests } }

    /// The most posts that a business server had at once.
    func peak(_ businessServer: String) -> Int {
        state.withLock { $0.peak[Self.url(businessServer)] ?? 0 }
    }

    /// The replies of a business server, in turn; the last repeats. Without any it answers 200.
    func script(_ businessServer: String, _ replies: Reply...) {
        state.withLock { $0.script[Self.url(businessServer)] = replies }
    }

    /// Waits until so many posts have begun.
    func began(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                guard state.requests.count < count else { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    func post(_ request: CallbackRequest) async throws -> CallbackAnswer {
        let reply = begin(request)
        defer { state.withLock { $0.inFlight[request.url, default: 1] -= 1 } }
        switch reply {
        case .status(let status, let retryAfter): return CallbackAnswer(status: status, retryAfter: retryAfter)
        case .failure(let reason): throw TransportFailure(reason: reason)
        case .held: await open.wait()
        case .never: await Signal().wait()
        }
        try Task.checkCancellation()
        return CallbackAnswer(status: 200)
    }

    private func begin(_ request: CallbackRequest) -> Reply {
        let (reply, met) = state.withLock { state in
            state.requests.append(request)
            state.inFlight[request.url, default: 0] += 1
            state.peak[request.url] = max(state.peak[request.url] ?? 0, state.inFlight[request.url] ?? 0)
            var replies = state.script[request.url] ?? []
            let reply = replies.count > 1 ? replies.removeFirst() : replies.first
            state.script[request.url] = replies
            let count = state.requests.count
            let met = state.watchers.filter { $0.count <= count }
            state.watchers.removeAll { $0.count <= count }
            return (reply ?? .status(200), met)
        }
        for watcher in met { watcher.continuation.resume() }
        return reply
    }

    private static func url(_ businessServer: String) -> String { "http://\(businessServer).test/callback" }
}
