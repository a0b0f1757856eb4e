import Foundation
import Testing
import UploadCore
import UploadTestSupport

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01 00:00:00.000"), (-1, "1969-12-31 23:59:59.999"), (951_782_400_000, "2000-02-29 00:00:00.000"),
        (951_868_800_000, "2000-03-01 00:00:00.000"), (1_709_251_199_999, "2024-02-29 23:59:59.999"),
        (4_107_542_400_000, "2100-03-01 00:00:00.000"), (4_107_542_399_999, "2100-02-28 23:59:59.999"),
        (1_795_370_709_123, "2026-11-22 18:05:09.123"), (-2_208_988_800_000, "1900-01-01 00:00:00.000"),
        (-62_167_219_200_000, "0000-01-01 00:00:00.000"), (253_402_300_799_999, "9999-12-31 23:59:59.999"),
    ])
    func knownDates(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test func agreesWithFoundationAndComesBack() throws {
        var generator = SeededGenerator(seed: 7)
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
            .dateTimeSeparator(.space).time(includingFractionalSeconds: true)
        // Foundation has the Julian calendar before 1582.
        for _ in 0..<500 {
            let instant = Timestamp(
                milliseconds: Int64.random(in: -12_000_000_000_000...200_000_000_000_000, using: &generator))
            #expect(Timestamp(instant.description) == instant)
            // Whole seconds: a Double can't say every millisecond.
            let second = Timestamp(milliseconds: instant.milliseconds / 1000 * 1000)
            let date = Date(timeIntervalSince1970: Double(second.milliseconds / 1000))
            #expect(second.description == date.formatted(style))
        }
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22 18:05:09", "2026-11-22T18:05:09.123", "2026-11-22 18:05:09.1234",
        "2026-11-22 18:05:09,123", "2026-13-22 18:05:09.123", "2026-00-22 18:05:09.123", "2026-11-00 18:05:09.123",
        "2026-11-32 18:05:09.123", "2026-11-22 24:00:00.000", "2026-11-22 18:60:09.123", "2026-11-22 18:05:60.000",
        "2026-11-22 18:05:09.12a", "+026-11-22 18:05:09.123", "2026-11-22 18:05:09.12 ", "-026-11-22 18:05:09.123",
        "2026-11-22 1٨:05:09.12",
    ])
    func refusesMalformed(text: String) {
        #expect(Timestamp(text) == nil)
    }

    /// A day that does not exist is no text form of any instant: it would not come back as it went in.
    @Test(arguments: ["2026-02-29 00:00:00.000", "2024-02-30 00:00:00.000", "2026-04-31 00:00:00.000"])
    func refusesDaysThatDoNotExist(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func arithmetic() {
        let start = Timestamp(milliseconds: 1000)
        #expect(start.advanced(by: .milliseconds(1500)).milliseconds == 2500)
        #expect(start.advanced(by: .seconds(-2)).milliseconds == -1000)
        #expect(start.advanced(by: .seconds(3)).since(start) == .seconds(3))
        #expect(start < start.advanced(by: .milliseconds(1)))
        #expect(Duration.microseconds(1999).milliseconds == 1)
        #expect(Duration.microseconds(-1999).milliseconds == -1)
    }

    @Test func textsSortAsInstants() {
        let instants = [-62_167_219_200_000, -1, 0, 951_782_400_000, 253_402_300_799_999].map(Timestamp.init)
        #expect(instants.map(\.description) == instants.map(\.description).sorted())
    }
}
