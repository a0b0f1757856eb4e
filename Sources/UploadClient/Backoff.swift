/// How long to wait before trying again: doubling from ``floor`` to ``ceiling``, with jitter so that the connections of
/// one client, and many clients, do not come back in step.
public struct Backoff: Sendable, Equatable {
    /// Shortest wait.
    public let floor: Duration
    /// Longest wait.
    public let ceiling: Duration

    /// Makes a policy; the defaults suit a server that restarts.
    public init(floor: Duration = .milliseconds(200), ceiling: Duration = .seconds(5)) {
        self.floor = floor
        self.ceiling = max(floor, ceiling)
    }

    /// The wait after `failures` failures in a row (1 is the first).
    ///
    /// - Parameter random: a number from 0 up to 1; the wait lies that far between half of the step and the whole step,
    ///   and always between ``floor`` and ``ceiling``.
    public func delay(afterFailures failures: Int, random: Double) -> Duration {
        var step = floor
        for _ in 0..<max(0, failures - 1) where step < ceiling { step *= 2 }
        step = min(step, ceiling)
        let jittered = step * (0.5 + 0.5 * min(max(random, 0), 1))
        return min(max(jittered, floor), ceiling)
    }
}
