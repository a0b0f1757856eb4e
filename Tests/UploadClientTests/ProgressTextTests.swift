import Testing

@testable import UploadClient

@Suite struct ProgressTextTests {
    @Test func saysHowFarHowFastAndHowLong() {
        let text = ProgressText(activity: .uploading, name: "a.bin", total: 4 << 20, done: 1 << 20, rate: 1_048_576)
        #expect(text.plain == "uploading a.bin: 25 % (1.0 MiB of 4.0 MiB, 1.0 MiB/s, ETA 0:03)")
        #expect(text.bar(width: 8).hasPrefix("uploading a.bin [##------] 25 % "))
    }

    @Test func hundredPercentOnlyWhenAllIsDone() {
        #expect(ProgressText(activity: .uploading, name: "a", total: 1_000, done: 999).percent == 99)
        #expect(ProgressText(activity: .uploading, name: "a", total: 1_000, done: 1_000).percent == 100)
        #expect(ProgressText(activity: .uploading, name: "a", total: 0, done: 0).percent == 100)
        #expect(ProgressText(activity: .uploading, name: "a", total: 10, done: -4).percent == 0)
    }

    @Test(arguments: [(0, "0:00"), (75, "1:15"), (3_725, "1:02:05")] as [(Int64, String)])
    func clock(seconds: Int64, text: String) {
        #expect(ProgressText.clock(seconds: seconds) == text)
    }

    @Test func rateIsThatOfTheLastSeconds() {
        let start = ContinuousClock.now
        var rate = RateEstimate(done: 0, at: start)
        #expect(rate.update(done: 100, at: start + .milliseconds(100)) == nil)
        #expect(rate.update(done: 1_000, at: start + .seconds(1)) == 1_000)
        #expect(rate.update(done: 1_000, at: start + .seconds(60)) == 0)
    }
}
