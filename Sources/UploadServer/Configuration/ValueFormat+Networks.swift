import UploadCore

extension ValueFormat where Value == [IPNetwork] {
    /// IP addresses and networks in CIDR notation, separated by commas; none is allowed.
    static var networks: Self {
        Self(
            allowed: "a list of IP addresses or networks (10.0.0.0/8,::1), or \"\" for none",
            parse: { text in
                let parts = text.split(separator: ",").map { $0.filter { $0 != " " } }
                let networks = parts.compactMap { IPNetwork($0) }
                return networks.count == parts.count ? networks : nil
            },
            render: { $0.map(\.description).joined(separator: ",") }
        )
    }
}
