/// An IPv4 or IPv6 address. One IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is that IPv4 address.
public struct IPAddress: Hashable, Sendable {
    /// The number of bits that addresses of its kind have.
    public let width: Int
    /// The address as a number, the first byte the highest.
    let bits: UInt128

    init(width: Int, bits: UInt128) {
        // RFC 4291, section 2.5.5.2: ::ffff:0:0/96.
        let isMapped = width == 128 && bits >> 32 == 0xFFFF
        self.width = isMapped ? 32 : width
        self.bits = isMapped ? bits & 0xFFFF_FFFF : bits
    }

    /// From its text: four decimal numbers, or IPv6 as RFC 4291, section 2.2, has it; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let text = Substring(text)
        if let bits = Self.v4(text) {
            self.init(width: 32, bits: UInt128(bits))
        } else if let bits = Self.v6(text) {
            self.init(width: 128, bits: bits)
        } else {
            return nil
        }
    }

    /// Whether it is this machine's own (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3).
    public var isLoopback: Bool { width == 32 ? bits >> 24 == 127 : bits == 1 }

    private static func v4(_ text: Substring) -> UInt32? {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 4 else { return nil }
        return numbers.reduce(UInt32(0) as UInt32?) { bits, number in
            // Leading zeros are octal to some, decimal to others.
            let isPlain = number.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let bits, isPlain, number.first != "0" || number.count == 1, let byte = UInt8(number) else {
                return nil
            }
            return bits << 8 | UInt32(byte)
        }
    }

    private static func v6(_ text: Substring) -> UInt128? {
        var halves: [Substring] = [text]
        if let gap = text.firstRange(of: "::") {
            halves = [text[..<gap.lowerBound], text[gap.upperBound...]]
        }
        var groups: [[UInt16]] = []
        for (index, half) in halves.enumerated() {
            guard let parsed = v6Groups(half, endsTheAddress: index == halves.count - 1) else { return nil }
            groups.append(parsed)
        }
        let count = groups.reduce(0) { $0 + $1.count }
        // "::" stands for at least one group.
        guard groups.count == 2 ? count < 8 : count == 8 else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - count)
        let all = groups.count == 2 ? groups[0] + zeros + groups[1] : groups[0]
        return all.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
    }

    private static func v6Groups(_ text: Substring, endsTheAddress: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let words = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, word) in words.enumerated() {
            if endsTheAddress, index == words.count - 1, let last = v4(word) {
                groups += [UInt16(last >> 16), UInt16(last & 0xFFFF)]
            } else {
                let isHex = word.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
                guard (1...4).contains(word.utf8.count), isHex, let group = UInt16(word, radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}

extension IPAddress: CustomStringConvertible {
    /// The usual text: for IPv6 that of RFC 5952.
    public var description: String {
        if width == 32 {
            return stride(from: 24, through: 0, by: -8).map { String(bits >> UInt128($0) & 0xFF) }.joined(
                separator: ".")
        }
        let groups = stride(from: 112, through: 0, by: -16).map { UInt16(bits >> UInt128($0) & 0xFFFF) }
        // The longest run of two or more zeros, the first of equals.
        var longest = 0..<0
        for start in groups.indices {
            let end = groups[start...].firstIndex { $0 != 0 } ?? groups.endIndex
            if end - start > max(longest.count, 1) { longest = start..<end }
        }
        func text(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return text(groups[...]) }
        return "\(text(groups[..<longest.lowerBound]))::\(text(groups[longest.upperBound...]))"
    }
}
