import Synchronization

/// Something awaited did not happen in time.
public struct TimedOut: Error, CustomStringConvertible {
    /// What was awaited.
    public let what: String
    /// One sentence.
    public var description: String { "timed out waiting for \(what)" }
}

/// A value that tests wait on: no polling, whoever changes it wakes those who wait.
public final class Watched<State: Sendable>: Sendable {
    private struct Waiter {
        let offer: (State) -> Bool
        let cancel: () -> Void
    }

    private struct Storage {
        var state: State
        var waiters: [Int: Waiter] = [:]
        var cancelled: Set<Int> = []
        var last = 0
    }

    private let storage: Mutex<Storage>

    /// A value to start with.
    public init(_ state: State) {
        storage = Mutex(Storage(state: state))
    }

    /// The value now.
    public var value: State { storage.withLock { $0.state } }

    /// Changes the value and wakes those whose wish came true.
    @discardableResult
    public func update<Result: Sendable>(_ change: @Sendable (inout State) -> Result) -> Result {
        storage.withLock { storage in
            let result = change(&storage.state)
            for (number, waiter) in storage.waiters where waiter.offer(storage.state) {
                storage.waiters[number] = nil
            }
            return result
        }
    }

    /// Waits until `pick` finds something.
    ///
    /// - Throws: ``TimedOut`` naming `what`.
    public func wait<Result: Sendable>(
        _ what: String, within limit: Duration = .seconds(30), for pick: @escaping @Sendable (State) -> Result?
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await self.suspend(pick) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw TimedOut(what: what)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    private func suspend<Result: Sendable>(_ pick: @escaping @Sendable (State) -> Result?) async throws -> Result {
        let number = storage.withLock { storage in
            storage.last += 1
            return storage.last
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
                storage.withLock { storage in
                    if storage.cancelled.remove(number) != nil {
                        continuation.resume(throwing: CancellationError())
                    } else if let found = pick(storage.state) {
                        continuation.resume(returning: found)
                    } else {
                        storage.waiters[number] = Waiter(
                            offer: { state in
                                guard let found = pick(state) else { return false }
                                continuation.resume(returning: found)
                                return true
                            }, cancel: { continuation.resume(throwing: CancellationError()) })
                    }
                }
            }
        } onCancel: {
            storage.withLock { storage in
                if let waiter = storage.waiters.removeValue(forKey: number) {
                    waiter.cancel()
                } else {
                    storage.cancelled.insert(number)
                }
            }
        }
    }
}

/// Asks again and again, for things that give no signal: a row in a database, a state behind HTTP.
///
/// - Throws: ``TimedOut`` naming `what`.
public func eventually<Result: Sendable>(
    _ what: String, within limit: Duration = .seconds(20), _ probe: () async throws -> Result?
) async throws -> Result {
    let end = ContinuousClock.now + limit
    while true {
        if let found = try await probe() { return found }
        guard ContinuousClock.now < end else { throw TimedOut(what: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}
