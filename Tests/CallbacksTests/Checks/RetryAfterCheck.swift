import UploadCore

@testable import Callbacks

/// Holds the reading of `Retry-After` against naive rules, for the tests and for `scripts/fuzz`.
enum RetryAfterCheck {
    private static let now = Timestamp("1994-11-06 08:00:00.000") ?? Timestamp(milliseconds: 0)

    /// Reads a field value.
    ///
    /// - Returns: What is wrong with how it is read; `nil` when nothing is.
    static func fault(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        let wait = RetryAfter.wait(text, now: now)
        if let wait, wait < .zero || wait > RetryAfter.longest { return "\(text) is \(wait)" }
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            let number = text.drop { $0 == "0" }
            let seconds = number.count > 9 ? 86_400 : min(Int(number) ?? 0, 86_400)
            return wait == .seconds(seconds) ? nil : "\(text) is \(String(describing: wait))"
        }
        let expected = date(text).map { min(max($0.since(now), .zero), .seconds(86_400)) }
        guard expected == nil || wait == expected else { return "\(text) is \(String(describing: wait))" }
        let digits = text.utf8.count { (0x30...0x39).contains($0) }
        // The shortest date has a day of one digit, a time, and a year of two.
        return wait == nil || digits >= 9 ? nil : "\(text) is \(String(describing: wait))"
    }

    /// The form that RFC 9110 prefers: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { String($0) }
        guard words.count == 6, words[0]?.utf8.count == 4, words[0]?.hasSuffix(",") == true, words[5] == "GMT",
            let month = months.firstIndex(where: { $0 == words[2] }), let day = words[1], day.utf8.count == 2,
            let year = words[3], let time = words[4]
        else { return nil }
        let name = words[0]?.dropLast() ?? ""
        guard name.utf8.allSatisfy({ (0x41...0x7A).contains($0) }) else { return nil }
        return Timestamp("\(year)-\(month < 9 ? "0" : "")\(month + 1)-\(day) \(time).000")
    }
}
