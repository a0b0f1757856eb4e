import Foundation
import Testing
import UploadTestSupport

/// `/upload` of the example business server, as it comes over the wire. What it does in a browser, `scripts/check-browser`
/// tests.
@Suite(.contract)
struct UploadPageTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/BusinessExample/Page").path

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
        "js": "text/javascript; charset=utf-8",
    ]

    private func url(_ name: String) -> String {
        name == "page.html" ? "/upload" : "/upload/\(name)"
    }

    @Test func everyFileOfTheFolderIsServedAsItIs() async throws {
        try await Trio.run { trio in
            for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) {
                let answer = try await HTTP.get(trio.business + url(name))
                #expect(answer.status == 200, "\(name)")
                let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
                #expect(answer.text == text, "\(name)")
                let type = Self.types[String(name.split(separator: ".").last ?? "")]
                #expect(answer.headers["content-type"] == type, "\(name)")
            }
            #expect(try await HTTP.get(trio.business + "/upload/nothing.js").status == 404)
        }
    }

    @Test func thePageMayTalkToTheTwoServersAlone() async throws {
        try await Trio.run { trio in
            for name in ["page.html", "page.js", "hash-worker.js"] {
                let headers = try await HTTP.get(trio.business + url(name)).headers
                #expect(
                    headers["content-security-policy"] == """
                        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; worker-src 'self'; \
                        connect-src 'self' \(trio.server.base); base-uri 'none'; form-action 'none'; \
                        frame-ancestors 'none'
                        """)
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["referrer-policy"] == "no-referrer")
            }
        }
    }

    /// The address that browsers know may be another one than this server uses.
    @Test(arguments: [
        ("https://files.example.com/up/", "'self' https://files.example.com"),
        ("http://files.example.com:8080", "'self' http://files.example.com:8080"), ("nonsense", "'self'"),
        ("https://a.example; script-src *", "'self'"),
    ])
    func theUploadServerMayHaveAnAddressForBrowsers(address: String, sources: String) async throws {
        try await Trio.run(business: ["--public-upload-server", address]) { trio in
            let policy = try #require(try await HTTP.get(trio.business + "/upload").headers["content-security-policy"])
            #expect(policy.contains("; connect-src \(sources); base-uri"), "\(policy)")
        }
    }

    /// The policy would not let it run.
    @Test func thereIsNoScriptOrStyleInThePageItself() async throws {
        let page = try String(contentsOfFile: "\(Self.folder)/page.html", encoding: .utf8)
        #expect(!page.contains("<style") && !page.contains("style=") && !page.contains(/\son[a-z]+=/))
        #expect(page.components(separatedBy: "<script").count == 2)
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) {
            let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
                .replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!text.contains("://"), "\(name) names somebody else")
        }
    }
}
