import UploadCore

/// The header field `Retry-After` (RFC 9110, sections 10.2.3 and 5.6.7).
enum RetryAfter {
    /// The longest wait a receiver can ask for; what exceeds it is cut to it.
    static let longest = Duration.seconds(86_400)

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The wait a field value asks for, within 0...``longest``; `nil` when it is neither seconds nor a date.
    static func wait(_ value: String, now: Timestamp) -> Duration? {
        if isNumber(value) {
            // Only a number that is far too large does not convert.
            return .seconds(min(Int64(value) ?? .max, longest.components.seconds))
        }
        return date(value, now: now).map { min(max($0.since(now), .zero), longest) }
    }

    /// An HTTP-date in any of the three forms a recipient has to accept.
    private static func date(_ value: String, now: Timestamp) -> Timestamp? {
        let parts = value.split(whereSeparator: { " ,-".contains($0) }).map(String.init)
        switch parts.count {
        case 6 where parts[5] == "GMT":
            let year = parts[3].count == 2 ? century(of: parts[3], now: now) : parts[3]
            return year.flatMap { timestamp(year: $0, month: parts[2], day: parts[1], time: parts[4]) }
        case 5:
            return timestamp(year: parts[4], month: parts[1], day: parts[2], time: parts[3])
        default:
            return nil
        }
    }

    private static func timestamp(year: String, month: String, day: String, time: String) -> Timestamp? {
        guard let month = months.firstIndex(of: month) else { return nil }
        return Timestamp("\(year)-\(padded(String(month + 1)))-\(padded(day)) \(time).000")
    }

    /// A year of two digits that seems to be more than 50 years ahead is of the past (RFC 9110, section 5.6.7).
    private static func century(of digits: String, now: Timestamp) -> String? {
        guard isNumber(digits), let year = Int(digits), let present = Int(now.description.prefix(4)) else { return nil }
        let candidate = present - present % 100 + year
        return String(candidate > present + 50 ? candidate - 100 : candidate)
    }

    /// Whether a text is digits only; `Int` takes a sign too.
    private static func isNumber(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func padded(_ number: String) -> String {
        number.utf8.count == 1 ? "0" + number : number
    }
}
