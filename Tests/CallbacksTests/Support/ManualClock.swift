import Synchronization
import UploadCore

/// Time that stands still until a test turns the hands.
final class ManualClock: ServiceClock {
    private struct Sleeper {
        var due: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed = Duration.zero
        var lastNumber = 0
        var sleepers: [Int: Sleeper] = [:]
        var watchers: [(duration: Duration, continuation: CheckedContinuation<Void, Never>)] = []

        mutating func takeWatchers() -> [CheckedContinuation<Void, Never>] {
            let lengths = sleepers.values.map { $0.due - elapsed }
            let served = watchers.filter { lengths.contains($0.duration) }
            watchers.removeAll { lengths.contains($0.duration) }
            return served.map(\.continuation)
        }
    }

    static let start = Timestamp(milliseconds: 1_700_000_000_000)

    private let state = Mutex(State())

    var now: Timestamp { Self.start.advanced(by: state.withLock { $0.elapsed }) }

    var uptime: Duration { state.withLock { $0.elapsed } }

    func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let watchers: [CheckedContinuation<Void, Never>]? = state.withLock { state in
                    guard !Task.isCancelled else { return nil }
                    state.sleepers[number] = Sleeper(due: state.elapsed + duration, continuation: continuation)
                    return state.takeWatchers()
                }
                guard let watchers else { return continuation.resume(throwing: CancellationError()) }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.elapsed += duration
            let due = state.sleepers.filter { $0.value.due <= state.elapsed }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Waits until somebody sleeps for exactly that much longer, and then lets it pass.
    func pass(_ duration: Duration) async {
        await sleeper(for: duration)
        advance(by: duration)
    }

    /// Waits until somebody sleeps for exactly that much longer.
    func sleeper(for duration: Duration) async {
        await withCheckedContinuation { continuation in
            let watchers = state.withLock { state in
                state.watchers.append((duration, continuation))
                return state.takeWatchers()
            }
            for watcher in watchers { watcher.resume() }
        }
    }
}
