import UploadCore

/// Takes one claimed row to its end: post, judge, write down.
struct Delivery: Sendable {
    /// Tries to write an attempt down before the row is given back instead; together they take about 13 s.
    private static let recordAttempts = 8
    /// The same while the service ends, where nothing is waited for.
    private static let lastRecordAttempts = 3

    let outbox: any CallbackOutbox
    let clock: any ServiceClock
    let schedule: RetrySchedule
    let post: AttemptPost
    /// How many posts to one business server are under way at once.
    let slots: Gate<String>
    let stop: Stop
    let log: DeliveryLog

    func run(_ callback: Callback) async -> Settlement {
        let attempt = await slots.pass(callback.businessServer) { await makeAttempt(callback) }
        guard let attempt else {
            await release(callback)
            return Settlement(businessServer: callback.businessServer, dueAt: nil)
        }
        var settlement = Settlement(businessServer: callback.businessServer, dueAt: nil)
        if await !record(attempt, of: callback) {
            settlement.dueAt = clock.now
        } else if case .retry(let time) = attempt.verdict {
            settlement.dueAt = time
        }
        return settlement
    }

    /// - Returns: `nil` when the service ends before the attempt does.
    private func makeAttempt(_ callback: Callback) async -> CallbackAttempt? {
        let startedAt = clock.now
        let start = ContinuousClock.now
        guard let result = await post.run(callback, startedAt: startedAt) else { return nil }
        var generator = SystemRandomNumberGenerator()
        let verdict = schedule.verdict(
            after: result, attempt: callback.attempt, createdAt: callback.createdAt, now: clock.now, using: &generator)
        return CallbackAttempt(
            startedAt: startedAt, duration: .now - start, status: result.status, error: result.error, verdict: verdict)
    }

    /// Insists: what was sent has to be known, and a row that nobody settles would wait for the next start.
    ///
    /// - Returns: whether it is written down; else the row was given back, to be sent once more.
    private func record(_ attempt: CallbackAttempt, of callback: Callback) async -> Bool {
        var failures = 0
        while true {
            do {
                try await outbox.record(attempt, of: callback)
                log.recorded(attempt, of: callback)
                DeliveryMeters.recorded(attempt, of: callback)
                return true
            } catch {
                failures += 1
                log.outboxFailed("could not write an attempt down", callback, error)
            }
            let isEnough = failures >= (stop.requested.isRaised ? Self.lastRecordAttempts : Self.recordAttempts)
            if isEnough {
                // For instance, somebody deleted the row: then recording fails for ever, and giving back does not.
                if await release(callback) || stop.requested.isRaised { return false }
            }
            let pause = Duration.milliseconds(100 << min(failures - 1, 6))
            await stop.requested.wait(atMost: pause, on: clock)
        }
    }

    @discardableResult
    private func release(_ callback: Callback) async -> Bool {
        for _ in 0..<Self.lastRecordAttempts {
            do {
                try await outbox.release(callback)
                log.released(callback)
                return true
            } catch {
                log.outboxFailed("could not give a claim back", callback, error)
            }
        }
        return false
    }
}
