import Foundation
import Testing
import UploadTestSupport

/// The console's files on the admin listener, as they come over the wire. What they do in a browser, `scripts/check-browser`
/// tests.
@Suite(.contract)
struct ConsoleTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/AdminHTTP/Console").path

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
        "js": "text/javascript; charset=utf-8",
    ]

    private func path(_ name: String) -> String {
        name == "console.html" ? "/" : "/console/\(name)"
    }

    /// The page asks for the token, so it comes without one, and whatever name it was asked for by.
    @Test func everyFileOfTheFolderIsServedAsItIsToEverybody() async throws {
        try await TestBed.run("admin.token=a-token-of-the-console-test") { bed in
            let admin = try await bed.server.adminBase()
            for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) {
                let answer = try await HTTP.send("GET", admin + path(name), headers: ["Host": "console.example.com"])
                #expect(answer.status == 200, "\(name)")
                let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
                #expect(answer.text == text, "\(name)")
                let type = Self.types[String(name.split(separator: ".").last ?? "")]
                #expect(answer.headers["content-type"] == type, "\(name)")
            }
        }
    }

    @Test func thePageMayTalkToItsOwnServerAlone() async throws {
        try await TestBed.run { bed in
            let admin = try await bed.server.adminBase()
            for name in ["console.html", "console.js", "theme.css", "console.svg"] {
                let headers = try await HTTP.get(admin + path(name)).headers
                #expect(
                    headers["content-security-policy"] == """
                        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                        frame-ancestors 'none'; base-uri 'none'; form-action 'none'
                        """)
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["referrer-policy"] == "no-referrer")
                #expect(headers["cross-origin-resource-policy"] == "same-origin")
                #expect(headers["cache-control"] == "no-store")
            }
        }
    }

    /// What is open is a list of names, and not whatever begins like one.
    @Test func nothingElseIsOpen() async throws {
        try await TestBed.run("admin.token=a-token-of-the-console-test") { bed in
            let admin = try await bed.server.adminBase()
            for path in ["/metrics", "/console/../metrics", "/console/%2e%2e/metrics", "//", "/console.html"] {
                let answer = try await HTTP.get(admin + path)
                #expect([401, 404].contains(answer.status) && !answer.text.contains("fupload_"), "\(path)")
            }
        }
    }

    /// The policy would not let it run, and names of files are hostile.
    @Test func textsAreNeverReadAsMarkup() throws {
        let page = try String(contentsOfFile: "\(Self.folder)/console.html", encoding: .utf8)
        #expect(!page.contains("<style") && !page.contains("style=") && !page.contains(/\son[a-z]+=/))
        #expect(page.components(separatedBy: "<script").count == 2)
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) {
            let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
                .replacing("http://www.w3.org/2000/svg", with: "")
                // A comment's reference.
                .replacing("@see https://html.spec.whatwg.org", with: "")
            #expect(!text.contains("://"), "\(name) names somebody else")
            for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage"] {
                #expect(!text.contains(way), "\(name): \(way)")
            }
        }
    }
}
