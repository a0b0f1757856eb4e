/// An MD5 digest, 16 bytes. A value, not a hasher: bytes are hashed where they are read or written.
public struct MD5Digest: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// From 32 hex digits in either case; `nil` for anything else.
    public init?(hex: some StringProtocol) {
        let digits = hex.utf8
        guard digits.count == 32 else { return nil }
        var words: [UInt64] = [0, 0]
        for (index, digit) in digits.enumerated() {
            guard let value = Self.value(ofHexDigit: digit) else { return nil }
            words[index / 16] = words[index / 16] << 4 | UInt64(value)
        }
        high = words[0]
        low = words[1]
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
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<32 {
                let word = index < 16 ? high : low
                buffer[index] = digits[Int(word >> (60 - UInt64(index % 16) * 4) & 15)]
            }
            return 32
        }
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
