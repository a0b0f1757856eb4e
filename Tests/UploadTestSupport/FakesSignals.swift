import Synchronization

/// Counts something, and wakes who waits for a number of it. A waiter that is cancelled returns.
package final class Counter: Sendable {
    private struct State {
        var value = 0
        var waiters: [(number: Int, continuation: AsyncStream<Void>.Continuation)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var value: Int { state.withLock { $0.value } }

    package func increment() {
        state.withLock { state in
            state.value += 1
            for waiter in state.waiters where waiter.number <= state.value { waiter.continuation.finish() }
            state.waiters.removeAll { $0.number <= state.value }
        }
    }

    package func reach(_ number: Int) async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            if state.value >= number {
                continuation.finish()
            } else {
                state.waiters.append((number, continuation))
            }
        }
        for await _ in stream {}
    }
}

/// A place that code under test comes to and waits at until the test lets it go on.
package final class Checkpoint: Sendable {
    private let arrivals = Counter()
    private let opened = Counter()

    package init() {}

    /// For the code under test.
    package func pass() async {
        arrivals.increment()
        await opened.reach(1)
    }

    /// Returns when so many have come.
    package func arrived(_ number: Int = 1) async { await arrivals.reach(number) }

    /// Lets all pass, now and later.
    package func open() { opened.increment() }
}

/// What happened, in order.
package final class Journal: Sendable {
    private let lines = Mutex<[String]>([])

    package init() {}

    package var entries: [String] { lines.withLock { $0 } }

    package func note(_ line: String) { lines.withLock { $0.append(line) } }

    package func clear() { lines.withLock { $0 = [] } }
}

/// Faults and waits that a test plants in a fake, by the name of the operation.
package final class Faults<Operation: Hashable & Sendable>: Sendable {
    private struct State {
        var errors: [Operation: [any Error]] = [:]
        var holds: [Operation: Checkpoint] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// The next such operation throws.
    package func fail(_ operation: Operation, with error: any Error) {
        state.withLock { $0.errors[operation, default: []].append(error) }
    }

    /// The next such operation waits there.
    package func hold(_ operation: Operation) -> Checkpoint {
        let checkpoint = Checkpoint()
        state.withLock { $0.holds[operation] = checkpoint }
        return checkpoint
    }

    package func wait(_ operation: Operation) async {
        await state.withLock { $0.holds.removeValue(forKey: operation) }?.pass()
    }

    package func check(_ operation: Operation) throws {
        let error: (any Error)? = state.withLock { state in
            guard let error = state.errors[operation]?.first else { return nil }
            state.errors[operation]?.removeFirst()
            return error
        }
        if let error { throw error }
    }
}
