/// An instant of the wall clock in whole milliseconds, written as the sqlite3 shell reads it:
/// `2026-11-22 18:05:09.123`, always UTC, so that the order of the texts is the order of the instants.
///
/// Only for what is stored or shown. Intervals in a running process are measured on a monotonic clock.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01 00:00:00 UTC.
    public let milliseconds: Int64

    /// From milliseconds since 1970.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// From the text form; `nil` when it is not exactly that.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let separators: [(position: Int, byte: UInt8)] = zip([4, 7, 10, 13, 16, 19], "-- ::.".utf8).map { ($0, $1) }
        guard bytes.count == 23, separators.allSatisfy({ bytes[$0.position] == $0.byte }) else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let fraction = number(20..<23), (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.date(days: days).day == day else { return nil }
        milliseconds = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction
    }

    /// From what people type: the text form, whose end may be missing after a day, a minute or a second, and with a `T` in
    /// its middle or a `Z` at its end; `nil` when it is none.
    public init?(lenient text: String) {
        let pattern = Array("0000-01-01 00:00:00.000".utf8)
        var bytes = Array(text.utf8)
        if bytes.last == UInt8(ascii: "Z") { bytes.removeLast() }
        guard [10, 16, 19, 23].contains(bytes.count) else { return nil }
        if bytes.count > 10, bytes[10] == UInt8(ascii: "T") { bytes[10] = UInt8(ascii: " ") }
        self.init(String(decoding: bytes + pattern.dropFirst(bytes.count), as: UTF8.self))
    }

    /// `2026-11-22 18:05:09.123` in UTC.
    public var description: String {
        let (days, ofDay) = milliseconds.flooredQuotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = Self.date(days: days)
        let (seconds, fraction) = ofDay.quotientAndRemainder(dividingBy: 1000)
        return String(unsafeUninitializedCapacity: 23) { buffer in
            func put(_ value: Int64, at position: Int, digits: Int, then separator: UInt8? = nil) {
                var rest = value
                for index in (0..<digits).reversed() {
                    buffer[position + index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                if let separator { buffer[position + digits] = separator }
            }
            put(year, at: 0, digits: 4, then: UInt8(ascii: "-"))
            put(month, at: 5, digits: 2, then: UInt8(ascii: "-"))
            put(day, at: 8, digits: 2, then: UInt8(ascii: " "))
            put(seconds / 3600, at: 11, digits: 2, then: UInt8(ascii: ":"))
            put(seconds / 60 % 60, at: 14, digits: 2, then: UInt8(ascii: ":"))
            put(seconds % 60, at: 17, digits: 2, then: UInt8(ascii: "."))
            put(fraction, at: 20, digits: 3)
            return 23
        }
    }

    /// The instant this much later (earlier where negative), to the millisecond.
    public func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.milliseconds)
    }

    /// How much later this instant is than another.
    public func since(_ earlier: Timestamp) -> Duration {
        .milliseconds(milliseconds - earlier.milliseconds)
    }

    /// Order in time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    // Calendar arithmetic over 400-year eras which begin on 1 March, so that the leap day ends its year
    // (the civil-from-days method, https://howardhinnant.github.io/date_algorithms.html).

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shifted.flooredQuotientAndRemainder(dividingBy: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredQuotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    public var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
