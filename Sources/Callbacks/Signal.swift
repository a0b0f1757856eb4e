import Synchronization
import UploadCore

/// Wakes whoever waits for it, and stays raised until it is lowered: one that is raised before the wait is not missed.
final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var lastWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    var isRaised: Bool { state.withLock { $0.isRaised } }

    func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    func lower() {
        state.withLock { $0.isRaised = false }
    }

    /// Returns when the signal is raised or the task is cancelled.
    func wait() async {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // Under the lock: a cancellation that comes later finds the waiter in its place.
                    guard !state.isRaised, !Task.isCancelled else { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// Returns when the signal is raised, the time is up or the task is cancelled.
    func wait(atMost duration: Duration, on clock: any ServiceClock) async {
        await withTaskGroup(of: Void.self) { race in
            race.addTask { await self.wait() }
            race.addTask {
                // It throws only when the other one won.
                try? await clock.sleep(for: duration)
            }
            await race.next()
            race.cancelAll()
        }
    }
}
