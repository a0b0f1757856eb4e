import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// `/upload`: a page that uploads from a browser, and what it is made of. All of it is embedded in the program.
struct UploadPage: Sendable {
    /// A file of the page.
    private struct File {
        let name: String
        let type: String
        let bytes: [UInt8]

        static func script(_ name: String, _ bytes: [UInt8]) -> File {
            File(name: name, type: "text/javascript; charset=utf-8", bytes: bytes)
        }

        static func style(_ name: String, _ bytes: [UInt8]) -> File {
            File(name: name, type: "text/css; charset=utf-8", bytes: bytes)
        }
    }

    private static let page = File(
        name: "page.html", type: "text/html; charset=utf-8", bytes: PackageResources.page_html)

    /// What the page loads from below `/upload/`.
    private static let parts: [File] = [
        File(name: "icon.svg", type: "image/svg+xml", bytes: PackageResources.icon_svg),
        .style("theme.css", PackageResources.theme_css), .style("page.css", PackageResources.page_css),
        .script("page.js", PackageResources.page_js), .script("view.js", PackageResources.view_js),
        .script("unfinished.js", PackageResources.unfinished_js), .script("upload.js", PackageResources.upload_js),
        .script("transfer.js", PackageResources.transfer_js), .script("blocks.js", PackageResources.blocks_js),
        .script("meter.js", PackageResources.meter_js), .script("outage.js", PackageResources.outage_js),
        .script("api.js", PackageResources.api_js), .script("exchange.js", PackageResources.exchange_js),
        .script("failures.js", PackageResources.failures_js), .script("memory.js", PackageResources.memory_js),
        .script("text.js", PackageResources.text_js), .script("hasher.js", PackageResources.hasher_js),
        .script("hash-worker.js", PackageResources.hash_worker_js), .script("md5.js", PackageResources.md5_js),
    ]

    private let headers: HTTPFields

    /// - Parameter uploadServer: base URL by which browsers reach the fuploadServer: the one place beside this server that
    ///   the page may talk to.
    init(uploadServer: String) {
        let sources = ["'self'"] + (Self.origin(of: uploadServer).map { [$0] } ?? [])
        let named: HTTPFields = [
            .contentSecurityPolicy: [
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "worker-src 'self'",
                "connect-src \(sources.joined(separator: " "))", "base-uri 'none'", "form-action 'none'",
                "frame-ancestors 'none'",
            ].joined(separator: "; "),
            .xContentTypeOptions: "nosniff",
            // A new version of the program is a new page at once.
            .cacheControl: "no-cache",
        ]
        // The library has no names for these.
        headers = [("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin")]
            .reduce(into: named) { fields, field in
                if let name = HTTPField.Name(field.0) { fields[name] = field.1 }
            }
    }

    func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("/upload") { [headers] _, _ in Self.answer(Self.page, headers) }
        for part in Self.parts {
            router.get("/upload/\(part.name)") { [headers] _, _ in Self.answer(part, headers) }
        }
    }

    private static func answer(_ file: File, _ headers: HTTPFields) -> Response {
        var headers = headers
        headers[.contentType] = file.type
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    /// Scheme, host and port; nil where it is no URL of HTTP, and the page may then talk to this server alone.
    private static func origin(of url: String) -> String? {
        guard let url = URLComponents(string: url), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = url.host, !host.isEmpty,
            // What would end the directive in the header is no host.
            host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-_[]:".contains($0)) })
        else { return nil }
        return "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? "")
    }
}
