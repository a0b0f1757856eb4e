import Synchronization

/// A few steps under way at once: who makes the next one waits only when there are too many, and a step that failed is
/// told with the next one, or at the end.
final class Pipeline: Sendable {
    private struct State {
        var underWay = 0
        var failure: (any Error)?
        /// Waits until no more than so many are under way.
        var waiter: (limit: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let depth: Int
    private let state = Mutex(State())

    /// - Parameter depth: how many steps may be under way.
    init(depth: Int) {
        self.depth = depth
    }

    /// Returns when so many more steps may begin, and counts them. One caller at a time.
    ///
    /// - Throws: what a step failed with.
    func begin(_ steps: Int = 1) async throws {
        await wait(untilAtMost: depth - steps)
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.underWay += steps
        }
    }

    /// A step ended.
    func end(_ failure: (any Error)? = nil) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.underWay -= 1
            if state.failure == nil { state.failure = failure }
            guard let waiter = state.waiter, state.underWay <= waiter.limit else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }

    /// Returns when no step is under way.
    ///
    /// - Throws: what a step failed with.
    func drain() async throws {
        await wait(untilAtMost: 0)
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func wait(untilAtMost limit: Int) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.underWay > limit { state.waiter = (limit, continuation) }
                return state.underWay <= limit
            }
            if isFree { continuation.resume() }
        }
    }
}
