internal import CMD5

/// The four words of an MD5 as the 16 bytes that they are written as: each word from its low byte on
/// (RFC 1321, section 3.5).
struct Words: Sendable, Hashable {
    /// RFC 1321, section 3.3.
    static let initial = Words(md5_state(a: 0x6745_2301, b: 0xefcd_ab89, c: 0x98ba_dcfe, d: 0x1032_5476))

    private let a: UInt32
    private let b: UInt32
    private let c: UInt32
    private let d: UInt32

    init(_ state: md5_state) {
        a = state.a
        b = state.b
        c = state.c
        d = state.d
    }

    /// From 32 lower-case hex digits; `nil` for anything else.
    init?(hex: some StringProtocol) {
        let digits = hex.utf8
        guard digits.count == 32 else { return nil }
        var state = md5_state()
        for (index, digit) in digits.enumerated() {
            guard let value = Self.value(ofHexDigit: digit) else { return nil }
            // The high digit of a byte comes first, the low byte of a word does.
            let part = value << UInt32(index % 8 / 2 * 8 + (index % 2 == 0 ? 4 : 0))
            switch index / 8 {
            case 0: state.a |= part
            case 1: state.b |= part
            case 2: state.c |= part
            default: state.d |= part
            }
        }
        self.init(state)
    }

    var state: md5_state { md5_state(a: a, b: b, c: c, d: d) }

    /// 32 lower-case hex digits.
    var hex: String {
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<16 {
                let byte = Int(self[index])
                buffer[2 * index] = digits.utf8Start[byte >> 4]
                buffer[2 * index + 1] = digits.utf8Start[byte & 15]
            }
            return 32
        }
    }

    /// - Parameter index: 0 to 15.
    subscript(index: Int) -> UInt8 {
        let word =
            switch index / 4 {
            case 0: a
            case 1: b
            case 2: c
            default: d
            }
        return UInt8(truncatingIfNeeded: word >> UInt32(index % 4 * 8))
    }

    private static func value(ofHexDigit digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a") + 10)
        default: nil
        }
    }
}
