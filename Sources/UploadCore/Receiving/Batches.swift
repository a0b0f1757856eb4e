import Synchronization

/// Work that costs about as much for many as for one, in two steps. What comes while a first step is under way waits, and is
/// done together next; a second step goes on beside the first one of the next batch.
///
/// The batch sizes itself: one element where the service is idle, many where the work is the bottleneck.
final class Batches<Element: Sendable, Outcome: Sendable>: Sendable {
    /// Says of each element of a batch, in the same order, what became of it.
    typealias SecondStep = @Sendable () async -> [Result<Outcome, any Error>]
    /// One is under way at a time.
    typealias FirstStep = @Sendable ([Element]) async -> SecondStep

    private struct Waiting {
        let element: Element
        let waiter: CheckedContinuation<Outcome, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        /// Whether a first step is under way, or about to be.
        var isBusy = false
    }

    /// The most elements in one batch, so that none waits for very many.
    private static var limit: Int { 32 }

    private let executor: any TaskExecutor
    private let state = Mutex(State())

    /// - Parameter executor: where the work is done.
    init(on executor: any TaskExecutor) {
        self.executor = executor
    }

    /// Returns when the element has been done, with the first batch that begins after the call. Not cut short by
    /// cancellation.
    ///
    /// - Parameter work: the same for all elements.
    /// - Throws: what became of this element.
    func add(_ element: Element, _ work: @escaping FirstStep) async throws -> Outcome {
        try await withCheckedThrowingContinuation { waiter in
            let isFirst = state.withLock { state in
                state.waiting.append(Waiting(element: element, waiter: waiter))
                defer { state.isBusy = true }
                return !state.isBusy
            }
            if isFirst { begin(work) }
        }
    }

    /// How many wait for a batch that has not begun, for tests.
    var waiters: Int { state.withLock { $0.waiting.count } }

    private func begin(_ work: @escaping FirstStep) {
        Task(executorPreference: executor) { [self] in
            let batch = next()
            let rest = await work(batch.map(\.element))
            if hasMore() { begin(work) }
            for (waiting, result) in zip(batch, await rest()) { waiting.waiter.resume(with: result) }
        }
    }

    private func next() -> [Waiting] {
        state.withLock { state in
            defer { state.waiting.removeFirst(min(Self.limit, state.waiting.count)) }
            return Array(state.waiting.prefix(Self.limit))
        }
    }

    private func hasMore() -> Bool {
        state.withLock { state in
            state.isBusy = !state.waiting.isEmpty
            return state.isBusy
        }
    }
}
