import HTTPTypes
import UploadCore

/// What a proxy says of the client in `X-Forwarded-For`, `-Proto` and `-Host`.
///
/// Each proxy appends to what it was sent, which its client may have made up: lists are read from their end, as far as
/// those who wrote them are trusted.
struct Forwarded {
    private static let names = (
        addresses: HTTPField.Name("X-Forwarded-For"), scheme: HTTPField.Name("X-Forwarded-Proto"),
        host: HTTPField.Name("X-Forwarded-Host")
    )

    private let addresses: [Substring]
    private let scheme: Substring?
    private let host: Substring?

    init(_ headers: HTTPFields) {
        addresses = Self.list(Self.names.addresses, in: headers)
        scheme = Self.list(Self.names.scheme, in: headers).last
        host = Self.list(Self.names.host, in: headers).last
    }

    /// The last address that is no trusted proxy's. What is no address ends the search at who passed it on.
    ///
    /// - Parameter peer: the proxy that the connection comes from.
    func client(of peer: IPAddress, trusts: (IPAddress) -> Bool) -> IPAddress {
        var client = peer
        for text in addresses.reversed() {
            guard let address = Self.address(text) else { return client }
            client = address
            if !trusts(client) { return client }
        }
        return client
    }

    /// Scheme and host for URLs; `nil` where there is no host fit for one.
    ///
    /// - Parameter scheme: where the proxy names none.
    func base(scheme own: String) -> String? {
        guard let host, Self.isHost(host) else { return nil }
        let named = scheme.flatMap { ["http", "https"].contains($0.lowercased()) ? $0.lowercased() : nil }
        return "\(named ?? own)://\(host)"
    }

    private static func list(_ name: HTTPField.Name?, in headers: HTTPFields) -> [Substring] {
        guard let name else { return [] }
        return headers[values: name].flatMap { value in
            value.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    /// An address, with or without a port.
    private static func address(_ text: Substring) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        return split(text).flatMap { IPAddress($0.host) }
    }

    /// Whether it is `host` or `host:port` and nothing that would change the meaning of a URL around it.
    private static func isHost(_ text: Substring) -> Bool {
        guard let (host, isBracketed) = split(text) else { return false }
        if isBracketed { return host.contains(":") && IPAddress(host) != nil }
        let isPlain = host.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber) || "-._".contains(character)
        }
        return isPlain && (1...253).contains(host.utf8.count) && !host.hasPrefix(".") && !host.hasPrefix("-")
            && !host.contains("..")
    }

    /// `host`, `host:port`, `[v6]` or `[v6]:port` without the port.
    private static func split(_ text: Substring) -> (host: Substring, isBracketed: Bool)? {
        var host = text
        var rest: Substring = ""
        let isBracketed = text.hasPrefix("[")
        if isBracketed {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard !rest.isEmpty else { return (host, isBracketed) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.utf8.count <= 5,
            let port = Int(digits), (1...65_535).contains(port)
        else { return nil }
        return (host, isBracketed)
    }
}
