/// The addresses that begin with the same bits, in CIDR notation: `10.0.0.0/8`, `fd00::/8`. A single address is one too.
public struct IPNetwork: Hashable, Sendable {
    private let width: Int
    private let prefix: Int
    private let bits: UInt128

    /// The network around an address.
    ///
    /// - Parameter prefix: how many of its bits count; more than there are count as all.
    public init(of address: IPAddress, prefix: Int) {
        width = address.width
        self.prefix = min(max(prefix, 0), address.width)
        bits = Self.first(self.prefix, of: address)
    }

    /// From its text; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let address = IPAddress(first) else { return nil }
        guard parts.count == 2 else {
            self.init(of: address, prefix: address.width)
            return
        }
        let digits = parts[1].utf8
        // As it was written: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
        let written = first.contains(":") ? 128 : 32
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let length = Int(parts[1]), length <= written, length >= written - address.width
        else { return nil }
        self.init(of: address, prefix: length - (written - address.width))
    }

    /// Whether the address is one of these.
    public func contains(_ address: IPAddress) -> Bool {
        address.width == width && Self.first(prefix, of: address) == bits
    }

    private static func first(_ prefix: Int, of address: IPAddress) -> UInt128 {
        prefix == 0 ? 0 : address.bits >> UInt128(address.width - prefix)
    }
}

extension IPNetwork: CustomStringConvertible {
    /// The first address and the number of bits; the address alone where all count.
    public var description: String {
        let first = IPAddress(width: width, bits: prefix == 0 ? 0 : bits << UInt128(width - prefix))
        return prefix == width ? "\(first)" : "\(first)/\(prefix)"
    }
}
