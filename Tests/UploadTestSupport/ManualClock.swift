import Synchronization
import UploadCore

/// A clock whose hands the test turns.
package final class ManualClock: ServiceClock {
    private struct Sleeper {
        var deadline: Timestamp
        var wake: AsyncStream<Void>.Continuation
    }

    private struct State {
        var now: Timestamp
        var sleepers: [Sleeper] = []
        var requested: [Duration] = []
    }

    private let state: Mutex<State>
    private let sleeps = Counter()

    /// It stands at 2026-01-02 03:04:05.678 unless told otherwise.
    package init(_ now: Timestamp = Timestamp(milliseconds: 1_767_323_045_678)) {
        state = Mutex(State(now: now))
    }

    package var now: Timestamp { state.withLock { $0.now } }

    package var uptime: Duration { .milliseconds(now.milliseconds) }

    /// The durations that were slept for, in order.
    package var requested: [Duration] { state.withLock { $0.requested } }

    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        let (stream, wake) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            state.requested.append(duration)
            state.sleepers.append(Sleeper(deadline: state.now.advanced(by: duration), wake: wake))
        }
        sleeps.increment()
        for await _ in stream {}
        try Task.checkCancellation()
    }

    /// Returns when so many sleeps have begun.
    package func slept(_ number: Int) async { await sleeps.reach(number) }

    /// Turns the hands, and wakes who slept until then.
    package func advance(by duration: Duration) {
        state.withLock { state in
            let now = state.now.advanced(by: duration)
            state.now = now
            for sleeper in state.sleepers where sleeper.deadline <= now { sleeper.wake.finish() }
            state.sleepers.removeAll { $0.deadline <= now }
        }
    }
}
