extension ValueFormat where Value == [String] {
    /// IP addresses and networks in CIDR notation, separated by commas; none is allowed.
    static var networks: Self {
        Self(
            allowed: "a list of IP addresses or networks (10.0.0.0/8,::1), or \"\" for none",
            parse: { text in
                let parts = text.split(separator: ",").map { String($0.filter { $0 != " " }) }
                return parts.allSatisfy(isNetwork) ? parts : nil
            },
            render: { $0.joined(separator: ",") }
        )
    }

    @Sendable
    private static func isNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first, parts.count <= 2 else { return false }
        let isIPv6 = address.contains(":")
        guard isIPv6 ? isIPv6Address(address) : isIPv4Address(address) else { return false }
        guard parts.count == 2 else { return true }
        return Int(parts[1]).map { (0...(isIPv6 ? 128 : 32)).contains($0) } ?? false
    }

    private static func isIPv4Address(_ text: Substring) -> Bool {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// Roughly: what passes and is none is found when the address is used, and refused there by name.
    private static func isIPv6Address(_ text: Substring) -> Bool {
        text.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." } && text.contains(":")
    }
}
