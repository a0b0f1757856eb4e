import UploadCore

/// When a callback that was not delivered is tried again, and when it is given up.
///
/// A pure value: time and randomness are handed in. Standard Webhooks, "Deliverability and reliability", asks for
/// growing delays with jitter over days, for `Retry-After` to be honoured, and for 410 to end the attempts.
public struct RetrySchedule: Sendable, Equatable {
    /// 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, then every 4 h, over 3 days.
    public static let standard = RetrySchedule(
        delays: [5, 30, 120, 600, 1800, 3600, 7200, 14400].map { .seconds($0) }, giveUpAfter: .seconds(3 * 86_400))

    /// The wait after the first, second, … failed attempt; the last one repeats. Without any, the first failure is final.
    public var delays: [Duration]
    /// How long after it was enqueued a callback is attempted for the last time.
    public var giveUpAfter: Duration
    /// How far a delay may stray either way, as a part of it, within 0...1: receivers are not hit by all at once.
    public var jitter: Double

    /// Memberwise; a jitter outside of 0...1 is brought to the nearer end.
    public init(delays: [Duration], giveUpAfter: Duration, jitter: Double = 0.2) {
        self.delays = delays
        self.giveUpAfter = giveUpAfter
        self.jitter = min(max(jitter, 0), 1)
    }

    /// The longest pause between two attempts that it makes by itself.
    public var longestPause: Duration { (delays.max() ?? .zero) * (1 + jitter) }

    /// What becomes of a callback after an attempt.
    ///
    /// The last attempt is made when the time to give up comes, even if the delay would lead beyond it. Where that time
    /// passed with less than half of the attempts that belong to it, because the service was down or the clock was set
    /// forward, they go on.
    ///
    /// - Parameters:
    ///   - result: what the attempt met.
    ///   - attempt: its number, from 1.
    ///   - createdAt: when the callback was enqueued.
    ///   - now: when the attempt ended.
    ///   - generator: where the jitter comes from.
    public func verdict(
        after result: DeliveryResult, attempt: Int, createdAt: Timestamp, now: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> CallbackAttempt.Verdict {
        switch result {
        case .answered(let status, _) where (200..<300).contains(status): return .delivered
        case .answered(410, _): return .dead
        // A business server that is missing in the configuration may be back in it tomorrow.
        case .answered, .failed, .undeliverable: break
        }
        let end = createdAt.advanced(by: giveUpAfter)
        guard now < end || attempt < fewestAttempts, let delay = delay(after: attempt, using: &generator) else {
            return .dead
        }
        let wish = min(result.retryAfter ?? .zero, RetryAfter.longest)
        let next = now.advanced(by: max(delay, wish))
        return .retry(at: now < end ? min(next, end) : next)
    }

    /// Half of those that fit into ``giveUpAfter``, without jitter.
    private var fewestAttempts: Int {
        var (count, time) = (1, Duration.zero)
        for delay in delays.dropLast() where time + delay <= giveUpAfter {
            time += delay
            count += 1
        }
        if let last = delays.last, last > .zero, time < giveUpAfter {
            count += Int(((giveUpAfter - time) / last).rounded(.down))
        }
        return count / 2
    }

    private func delay(after attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration? {
        guard let last = delays.indices.last else { return nil }
        let factor = Double.random(in: (1 - jitter)...(1 + jitter), using: &generator)
        return delays[min(max(attempt - 1, 0), last)] * factor
    }
}
