import Foundation

extension ValueFormat where Value == String {
    /// Scheme and host only, since a port is appended.
    static var origin: Self {
        Self(
            allowed: "an http:// or https:// URL of a host alone: the port is appended",
            parse: { text in
                guard let url = httpURL(text), url.port == nil, url.query == nil, ["", "/"].contains(url.path) else {
                    return nil
                }
                return withoutTrailingSlash(text)
            },
            render: { $0 }
        )
    }

    /// An URL that paths are appended to, or nothing.
    static var optionalBase: Self {
        Self(
            allowed: "an absolute http:// or https:// URL without user, query and fragment, or \"\"",
            parse: { text in
                if text.isEmpty { return text }
                guard let url = httpURL(text), url.query == nil else { return nil }
                return withoutTrailingSlash(text)
            },
            render: { $0 }
        )
    }

    /// An URL to send requests to.
    static var httpURL: Self {
        Self(
            allowed: "an absolute http:// or https:// URL without user and fragment",
            parse: { httpURL($0) == nil ? nil : $0 },
            render: Masking.url
        )
    }

    private static func httpURL(_ text: String) -> URLComponents? {
        guard let url = URLComponents(string: text),
            ["http", "https"].contains(url.scheme?.lowercased()),
            url.host?.isEmpty == false,
            // The HTTP client would not send them, and logs would show them.
            url.user == nil, url.password == nil,
            url.fragment == nil,
            url.port.map({ (1...65535).contains($0) }) ?? true
        else { return nil }
        return url
    }

    private static func withoutTrailingSlash(_ text: String) -> String {
        text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
