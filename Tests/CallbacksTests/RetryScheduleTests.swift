import Testing
import UploadCore
import UploadTestSupport

@testable import Callbacks

struct RetryScheduleTests {
    private static let created = Timestamp(milliseconds: 1_700_000_000_000)
    private static let exact = RetrySchedule(
        delays: RetrySchedule.standard.delays, giveUpAfter: RetrySchedule.standard.giveUpAfter, jitter: 0)

    private func verdict(
        _ result: DeliveryResult, attempt: Int = 1, after age: Duration = .zero, by schedule: RetrySchedule = exact,
        seed: UInt64 = 1
    ) -> CallbackAttempt.Verdict {
        var generator = SeededGenerator(seed: seed)
        return schedule.verdict(
            after: result, attempt: attempt, createdAt: Self.created, now: Self.created.advanced(by: age),
            using: &generator)
    }

    private func retry(after seconds: Int) -> CallbackAttempt.Verdict {
        .retry(at: Self.created.advanced(by: .seconds(seconds)))
    }

    @Test(arguments: [
        (1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 3600), (7, 7200), (8, 14400), (9, 14400), (500, 14400),
    ])
    func delayGrowsAndThenRepeats(attempt: Int, seconds: Int) {
        #expect(verdict(.failed("connection refused"), attempt: attempt) == retry(after: seconds))
    }

    @Test(arguments: [200, 201, 204, 299])
    func any2xxIsDelivered(status: Int) {
        #expect(verdict(.answered(status: status, retryAfter: nil)) == .delivered)
    }

    @Test(arguments: [100, 301, 302, 304, 307, 308, 400, 404, 429, 500, 503])
    func everyOtherStatusIsTriedAgain(status: Int) {
        #expect(verdict(.answered(status: status, retryAfter: nil)) == retry(after: 5))
    }

    @Test func goneAndNowhereAreFinal() {
        #expect(verdict(.answered(status: 410, retryAfter: .seconds(9))) == .dead)
        #expect(verdict(.undeliverable("no URL is configured")) == verdict(.failed("connection refused")))
    }

    @Test func jitterStaysWithinItsBoundsAndUsesThem() {
        var seen: [Int64] = []
        for seed in 0..<500 {
            guard case .retry(let time) = verdict(.failed("x"), attempt: 3, by: .standard, seed: UInt64(seed)) else {
                Issue.record("no retry with seed \(seed)")
                return
            }
            seen.append(time.since(Self.created).milliseconds)
        }
        #expect(seen.allSatisfy { (96_000...144_000).contains($0) })
        #expect(seen.contains { $0 < 100_000 } && seen.contains { $0 > 140_000 })
    }

    @Test func lastAttemptIsAtTheEndAndThenItIsDead() {
        let end = 3 * 86_400
        #expect(verdict(.failed("x"), attempt: 20, after: .seconds(end - 14_400)) == retry(after: end))
        #expect(verdict(.failed("x"), attempt: 21, after: .seconds(end - 60)) == retry(after: end))
        #expect(verdict(.failed("x"), attempt: 22, after: .seconds(end)) == .dead)
        #expect(verdict(.answered(status: 200, retryAfter: nil), after: .seconds(end + 9)) == .delivered)
    }

    /// The service was down for days, or the clock was set: few were made, and more are to come.
    @Test func timeAloneGivesNothingUp() {
        let late = Duration.seconds(4 * 86_400)
        #expect(verdict(.failed("x"), attempt: 1, after: late) == retry(after: 4 * 86_400 + 5))
        #expect(verdict(.failed("x"), attempt: 11, after: late) == retry(after: 4 * 86_400 + 14_400))
        #expect(verdict(.failed("x"), attempt: 12, after: late) == .dead)
    }

    @Test func retryAfterPutsOffButNeverHurries() {
        #expect(verdict(.answered(status: 503, retryAfter: .seconds(90))) == retry(after: 90))
        #expect(verdict(.answered(status: 400, retryAfter: .seconds(90))) == retry(after: 90))
        #expect(verdict(.answered(status: 429, retryAfter: .seconds(1))) == retry(after: 5))
        #expect(verdict(.answered(status: 429, retryAfter: .seconds(999_999))) == retry(after: 86_400))
        let late = verdict(.answered(status: 429, retryAfter: .seconds(9000)), after: .seconds(3 * 86_400 - 60))
        #expect(late == retry(after: 3 * 86_400))
    }

    @Test func withoutDelaysTheFirstFailureIsFinal() {
        #expect(verdict(.failed("x"), by: RetrySchedule(delays: [], giveUpAfter: .seconds(60))) == .dead)
    }
}
