import Testing

@testable import UploadClient

@Suite struct BackoffTests {
    private let backoff = Backoff(floor: .milliseconds(200), ceiling: .seconds(5))

    @Test(arguments: [(1, 200), (2, 400), (3, 800), (5, 3_200), (6, 5_000), (1_000_000, 5_000)])
    func doublesUpToTheCeiling(failures: Int, milliseconds: Int) {
        #expect(backoff.delay(afterFailures: failures, random: 1) == .milliseconds(milliseconds))
    }

    @Test func jitterTakesUpToHalfOfTheStep() {
        #expect(backoff.delay(afterFailures: 3, random: 0) == .milliseconds(400))
        #expect(backoff.delay(afterFailures: 3, random: 0.5) == .milliseconds(600))
    }

    @Test(arguments: [-3, 0, 1])
    func neverBelowTheFloor(failures: Int) {
        #expect(backoff.delay(afterFailures: failures, random: 0) == .milliseconds(200))
    }

    @Test func outageLastsFromTheFirstFailureToASuccess() {
        let start = ContinuousClock.now
        var window = OutageWindow()
        #expect(window.failed(at: start) == .zero)
        #expect(window.failed(at: start + .seconds(7)) == .seconds(7))
        window.recovered()
        #expect(window.failed(at: start + .seconds(9)) == .zero)
    }
}
