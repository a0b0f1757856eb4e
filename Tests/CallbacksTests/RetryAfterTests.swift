import Testing
import UploadCore
import UploadTestSupport

@testable import Callbacks

struct RetryAfterTests {
    /// 49 minutes and 37 seconds before the example date of RFC 9110.
    private static let now = Timestamp("1994-11-06 08:00:00.000") ?? Timestamp(milliseconds: 0)

    @Test(arguments: [("0", 0), ("120", 120), ("86400", 86_400), ("86401", 86_400), ("99999999999999999999", 86_400)])
    func seconds(value: String, seconds: Int) {
        #expect(RetryAfter.wait(value, now: Self.now) == .seconds(seconds))
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func everyFormOfADate(value: String) {
        #expect(RetryAfter.wait(value, now: Self.now) == .seconds(49 * 60 + 37))
    }

    @Test func datesArePastOrCut() {
        #expect(RetryAfter.wait("Sat, 05 Nov 1994 08:49:37 GMT", now: Self.now) == .zero)
        #expect(RetryAfter.wait("Wed, 06 Nov 2999 08:49:37 GMT", now: Self.now) == .seconds(86_400))
        // 2045 would be more than 50 years ahead.
        #expect(RetryAfter.wait("Monday, 06-Nov-45 08:49:37 GMT", now: Self.now) == .zero)
    }

    @Test(arguments: [
        "", " ", "-5", "+5", "1.5", "5s", "soon", "1e3", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "1994-11-06T08:49:37Z", "a b c d e",
        "Sunday, 06-Nov-9x 08:49:37 GMT", "Sunday, 06-Nov-+5 08:49:37 GMT", "Sun, 066 Nov 1994 08:49:37 GMT",
    ])
    func garbage(value: String) {
        #expect(RetryAfter.wait(value, now: Self.now) == nil)
    }
}

extension RetryAfterTests {
    @Test(arguments: UInt64(0)..<300)
    func anyDateInAnyForm(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        // Within 50 years of now, so that two digits of the year are enough.
        let instant = Timestamp(milliseconds: Int64.random(in: 0...2_000_000_000, using: &generator) * 1000)
        let now = instant.advanced(by: .seconds(Int64.random(in: -100_000...100_000, using: &generator)))
        let text = instant.description
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = months[try #require(Int(text.dropFirst(5).prefix(2))) - 1]
        let (year, day, time) = (text.prefix(4), text.dropFirst(8).prefix(2), text.dropFirst(11).prefix(8))
        let spaced = day.first == "0" ? " \(day.dropFirst())" : "\(day)"
        for form in [
            "Mon, \(day) \(month) \(year) \(time) GMT", "Monday, \(day)-\(month)-\(year.suffix(2)) \(time) GMT",
            "Mon \(month) \(spaced) \(time) \(year)",
        ] {
            #expect(
                RetryAfter.wait(form, now: now) == min(max(instant.since(now), .zero), RetryAfter.longest), "\(form)")
        }
    }

    @Test(arguments: UInt64(1000)..<1300)
    func noise(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "Sun", "Nov", "06", "6", "1994", "94", "08:49:37", "GMT", " ", " ", ",", "-", "+", "0", "120", "٣",
        ]
        let text = (0..<12).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
        #expect(RetryAfterCheck.fault(Array(text.utf8)) == nil, "\(text)")
    }

    @Test func corpusHolds() throws {
        for file in try Corpus.files("query") {
            #expect(RetryAfterCheck.fault(file.bytes) == nil, "\(file.name)")
        }
    }
}
