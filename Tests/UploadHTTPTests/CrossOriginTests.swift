import HTTPTypes
import Hummingbird
import NIOHTTP1
import Testing

@testable import UploadHTTP

@Suite struct CrossOriginTests {
    private let page = "https://app.example.com"
    private let block = "/api/upload/files/block"

    private func fields(_ allowed: AllowedOrigins, _ path: String, _ origin: String?) -> HTTPFields {
        CrossOrigin(allowed: allowed).fields(path: path, origin: origin)
    }

    @Test(arguments: [nil, "https://app.example.com", "null"])
    func saysNothingWhereNobodyIsAllowed(origin: String?) {
        for route in Route.allCases { #expect(fields(.nobody, route.path, origin) == [:]) }
    }

    @Test func opensThreeRoutes() {
        for allowed in [AllowedOrigins.everybody, .these([page])] {
            let opened = Route.allCases.filter { fields(allowed, $0.path, page)[.accessControlAllowOrigin] != nil }
            #expect(opened == [.block, .state, .blocksInfo])
            for path in ["/api/upload/new/task", "/ready", "/", "/nothing", block + "/more"] {
                #expect(fields(allowed, path, page) == [:], "\(path)")
            }
            #expect(fields(allowed, "/api//upload/files/block/", page)[.vary] == "Origin")
        }
    }

    @Test func namesTheOriginThatIsAllowed() {
        let two = AllowedOrigins.these([page, "http://127.0.0.1:8090"])
        for origin in [page, "http://127.0.0.1:8090"] {
            #expect(
                fields(two, block, origin) == [
                    .vary: "Origin", .accessControlAllowOrigin: origin, .accessControlExposeHeaders: "Retry-After",
                ])
        }
        #expect(fields(.everybody, block, "null")[.accessControlAllowOrigin] == "*")
    }

    @Test(arguments: [
        nil, "", "null", "*", "http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil",
        "https://evil.example", "HTTPS://APP.EXAMPLE.COM", "https://app.example.com, https://app.example.com",
        "https://app.example.com/",
    ])
    func namesNoOther(origin: String?) {
        #expect(fields(.these([page]), block, origin) == [.vary: "Origin"])
    }

    @Test(arguments: [("GET", nil), ("OPTIONS", nil), ("POST", "POST"), ("OPTIONS", "POST")])
    func aPreflightIsWhatAsksForAMethod(method: String, asked: String?) throws {
        var head = HTTPRequest(
            method: try #require(HTTPRequest.Method(method)), scheme: "http", authority: "x", path: block,
            headerFields: [.origin: page])
        head.headerFields[.accessControlRequestMethod] = asked
        let answer = CrossOrigin(allowed: .these([page])).preflight(Request(head: head, body: .init(buffer: .init())))
        #expect((answer != nil) == (method == "OPTIONS" && asked != nil))
    }

    @Test func aRefusalOfTheConnectionCanBeRead() {
        let refusal = Refusal(.badRequest, "no")
        let cases: [([String], String?)] = [([page], page), ([], nil), ([page, page], nil), (["https://evil"], nil)]
        for (origins, expected) in cases {
            let headers = HTTPHeaders(origins.map { ("Origin", $0) })
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: block + "?taskId=1", headers: headers)
            let answer = refusal.readable(from: head, CrossOrigin(allowed: .these([page]))).head
            #expect(answer.headers["Access-Control-Allow-Origin"] == (expected.map { [$0] } ?? []), "\(origins)")
            #expect(answer.headers["Vary"] == ["Origin"])
        }
    }
}
