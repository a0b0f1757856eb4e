import Foundation
import UploadHTTP

extension ValueFormat where Value == AllowedOrigins {
    /// Origins of web pages, separated by commas, or `*` for all of them; none is allowed.
    static var origins: Self {
        Self(
            allowed: "a list of origins of web pages, scheme and host and port if any "
                + "(https://app.example.com,http://127.0.0.1:8090), or \"*\" for all, or \"\" for none",
            parse: { text in
                let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                    part.filter { $0 != " " }
                }
                if parts == [""] { return .nobody }
                if parts == ["*"] { return .everybody }
                let origins = parts.compactMap { origin($0) }
                return origins.count == parts.count ? .these(origins) : nil
            },
            render: { allowed in
                switch allowed {
                case .nobody: ""
                case .everybody: "*"
                case .these(let origins): origins.joined(separator: ",")
                }
            }
        )
    }

    /// As browsers write it: they compare nothing, the server compares what they send to this.
    private static func origin(_ text: String) -> String? {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !text.contains("%"),
            let url = URLComponents(string: text),
            let scheme = url.scheme?.lowercased(), let ownPort = ["http": 80, "https": 443][scheme],
            let host = url.host?.lowercased(), !host.isEmpty, !host.contains("*"),
            url.user == nil, url.password == nil, url.query == nil, url.fragment == nil, ["", "/"].contains(url.path),
            url.port.map({ (1...65_535).contains($0) }) ?? true
        else { return nil }
        return "\(scheme)://\(host)" + (url.port.flatMap { $0 == ownPort ? nil : ":\($0)" } ?? "")
    }
}
