/// Measures uninterrupted failure over all connections of an upload.
struct OutageWindow: Sendable {
    private var began: ContinuousClock.Instant?

    /// Notes a failure and gives the time since the first one without a success in between.
    mutating func failed(at now: ContinuousClock.Instant) -> Duration {
        let start = began ?? now
        began = start
        return start.duration(to: now)
    }

    mutating func recovered() {
        began = nil
    }
}

/// Repeats calls that fail for a passing reason, and decides when to give up.
actor Outage {
    private let giveUpAfter: Duration
    private let backoff: Backoff
    private let reporter: any ProgressReporter
    private var window = OutageWindow()
    private var isAnnounced = false

    init(giveUpAfter: Duration, backoff: Backoff = Backoff(), reporter: any ProgressReporter) {
        self.giveUpAfter = giveUpAfter
        self.backoff = backoff
        self.reporter = reporter
    }

    /// Runs `call` until it succeeds or throws anything but ``TransientFailure``.
    ///
    /// Throws ``UploadFailure/gaveUp(after:reason:)`` when no call, of any task, succeeded for as long as allowed.
    nonisolated func persist<Result: Sendable>(_ call: () async throws -> Result) async throws -> Result {
        var failures = 0
        while true {
            do {
                let result = try await call()
                await recovered()
                return result
            } catch let gone as TaskGone {
                // The server works, whatever became of the task.
                await recovered()
                throw gone
            } catch let failure as TransientFailure {
                failures += 1
                let delay = try await delay(after: failure, failures: failures)
                try await Task.sleep(for: delay)
            }
        }
    }

    private func delay(after failure: TransientFailure, failures: Int) throws -> Duration {
        let lasted = window.failed(at: .now)
        guard lasted < giveUpAfter else {
            throw UploadFailure.gaveUp(after: giveUpAfter, reason: failure.reason)
        }
        // The first failure may be no more than a kept connection that went stale.
        if failures == 2, !isAnnounced {
            isAnnounced = true
            reporter.notice("\(failure.reason); trying again")
        }
        let delay = backoff.delay(afterFailures: failures, random: .random(in: 0..<1))
        let asked = min(failure.retryAfter ?? .zero, .seconds(30))
        return min(max(delay, asked), giveUpAfter - lasted)
    }

    private func recovered() {
        window.recovered()
        if isAnnounced { reporter.notice("going on") }
        isAnnounced = false
    }
}
