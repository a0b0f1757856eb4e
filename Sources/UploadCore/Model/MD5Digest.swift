/// An MD5 digest, 16 bytes. A value, not a hasher: bytes are hashed where they are read or written.
public struct MD5Digest: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// From 32 hex digits in either case; `nil` for anything else.
    public init?(hex: String) {
        guard hex.utf8.count == 32 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for digit in hex.utf8 {
            guard let value = Self.value(ofHexDigit: digit) else { return nil }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(value)
        }
        (self.high, self.low) = (high, low)
    }

    /// From the 16 bytes as a hash function gives them; `nil` for another number of bytes.
    public init?(bytes: some Sequence<UInt8>) {
        var words: [UInt64] = [0, 0]
        var count = 0
        for byte in bytes {
            guard count < 16 else { return nil }
            words[count / 8] = words[count / 8] << 8 | UInt64(byte)
            count += 1
        }
        guard count == 16 else { return nil }
        high = words[0]
        low = words[1]
    }

    /// 32 lower-case hex digits.
    public var description: String {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { String(hexOf: $0) }
    }

    private static func value(ofHexDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
