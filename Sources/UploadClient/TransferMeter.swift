import Synchronization

/// Follows the bytes of one attempt to send a block: for the progress display, and to tell a stalled link from a slow one.
final class TransferMeter: Sendable {
    private struct State {
        var moved: Int64 = 0
        var lastActivity: ContinuousClock.Instant
        var isAllTaken = false
        var isClosed = false
    }

    private let state = Mutex(State(lastActivity: .now))
    private let reporter: any ProgressReporter

    init(reporter: any ProgressReporter) {
        self.reporter = reporter
    }

    /// Time since the connection last took bytes; nil once it took them all.
    private var idle: Duration? {
        state.withLock { $0.isAllTaken ? nil : $0.lastActivity.duration(to: .now) }
    }

    /// From here on the answer is awaited: its own timeout holds, longer, because the last bytes may still wait in the
    /// system's send buffer.
    func allTaken() {
        state.withLock { $0.isAllTaken = true }
    }

    func moved(_ bytes: Int64) {
        let counts = state.withLock { state in
            guard !state.isClosed else { return false }
            state.moved += bytes
            state.lastActivity = .now
            return true
        }
        if counts { reporter.advance(by: bytes) }
    }

    /// Takes the attempt's bytes back off the display: they will be sent again.
    func rollBack() {
        let moved = state.withLock { state in
            state.isClosed = true
            return state.moved
        }
        reporter.advance(by: -moved)
    }

    /// Runs `body`, cancelling it when the connection took no bytes for `limit`: ``TransientFailure``.
    func guardingAgainstStall<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask(operation: body)
            group.addTask {
                while true {
                    let idle = self.idle ?? .zero
                    if idle >= limit {
                        throw TransientFailure(reason: "upload server: no progress for \(limit.components.seconds) s")
                    }
                    try await Task.sleep(for: limit - idle)
                }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
