import Foundation
import Synchronization

/// Sleeps of many tasks on one thread, which one that is cancelled costs nothing more. `Task.sleep` leaves a timer behind
/// then, and each callback has several that are nearly always cancelled.
final class Timers: Sendable {
    private typealias Sleeper = CheckedContinuation<Void, any Error>

    private struct Key: Comparable {
        let deadline: ContinuousClock.Instant
        /// Of two with one deadline, the later one has the higher number.
        let number: Int

        static func < (left: Self, right: Self) -> Bool {
            (left.deadline, left.number) < (right.deadline, right.number)
        }
    }

    private struct State {
        /// In order. Most sleeps are of a few lengths, so that they come and go at the end.
        var sleepers: [(key: Key, sleeper: Sleeper)] = []
        var last = 0

        func index(of key: Key) -> Int {
            var (low, high) = (0, sleepers.count)
            while low < high {
                let middle = (low + high) / 2
                if sleepers[middle].key < key { low = middle + 1 } else { high = middle }
            }
            return low
        }

        mutating func due(at now: ContinuousClock.Instant) -> [Sleeper] {
            let count = sleepers.firstIndex { $0.key.deadline > now } ?? sleepers.count
            defer { sleepers.removeFirst(count) }
            return sleepers.prefix(count).map(\.sleeper)
        }
    }

    /// What the thread shares with the timers; it is kept by the thread, which never ends.
    private let state = Mutex(State())
    private let changed = DispatchSemaphore(value: 0)

    /// Those of the process: their thread never ends.
    static let shared = Timers()

    private init() {
        let thread = Thread { [self] in work() }
        thread.start()
        thread.name = "timers"
    }

    /// Returns after that time.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(for duration: Duration) async throws {
        let deadline = ContinuousClock.now + duration
        let key = state.withLock { state in
            state.last += 1
            return Key(deadline: deadline, number: state.last)
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (sleeper: Sleeper) in add(sleeper, key) }
        } onCancel: {
            cancel(key)
        }
    }

    private func add(_ sleeper: Sleeper, _ key: Key) {
        enum Outcome { case cancelled, first, later }
        let outcome: Outcome = state.withLock { state in
            // Under the lock: a cancellation that comes later finds the sleeper in its place.
            guard !Task.isCancelled else { return .cancelled }
            let index = state.index(of: key)
            state.sleepers.insert((key, sleeper), at: index)
            return index == 0 ? .first : .later
        }
        switch outcome {
        case .cancelled: sleeper.resume(throwing: CancellationError())
        case .first: changed.signal()
        case .later: break
        }
    }

    private func cancel(_ key: Key) {
        let sleeper: Sleeper? = state.withLock { state in
            let index = state.index(of: key)
            guard index < state.sleepers.count, state.sleepers[index].key == key else { return nil }
            return state.sleepers.remove(at: index).sleeper
        }
        sleeper?.resume(throwing: CancellationError())
    }

    private func work() {
        while true {
            for sleeper in state.withLock({ $0.due(at: .now) }) { sleeper.resume() }
            guard let next = state.withLock({ $0.sleepers.first?.key.deadline }) else {
                changed.wait()
                continue
            }
            // This clock stands still while the machine sleeps, and the other one does not: so it looks now and then.
            let rest = min(max(ContinuousClock.now.duration(to: next), .zero), .seconds(60))
            let (seconds, attoseconds) = rest.components
            // Whether it was the time or a sooner sleeper, the next round finds out.
            _ = changed.wait(
                timeout: .now() + .seconds(Int(seconds)) + .nanoseconds(Int(attoseconds / 1_000_000_000) + 1))
        }
    }
}
