import Testing
import UploadCore

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
        "Sunday, 06-Nov-9x 08:49:37 GMT", "Sun, 066 Nov 1994 08:49:37 GMT",
    ])
    func garbage(value: String) {
        #expect(RetryAfter.wait(value, now: Self.now) == nil)
    }
}
