import Foundation
import Testing
import UploadTestSupport

/// What is no HTTP/1.1, or could be read in two ways: refused in the envelope, and the connection ends.
@Suite(.contract)
struct MalformedHTTPTests {
    private static let get = "GET /nothing HTTP/1.1\r\nHost: x\r\n"
    private static let post = "POST /api/upload/new/task HTTP/1.1\r\nHost: x\r\n"
    private static let chunked = post + "Transfer-Encoding: chunked\r\n"
    private static let long = String(repeating: "a", count: 20_000)
    /// More than is read at once, too.
    private static let blank = String(repeating: " ", count: 100_000)
    private static let endless = String(repeating: "a", count: 100_000)

    private static let heads: [(String, String, Int)] = [
        ("garbage", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", 400), ("no method", "hello world\r\n\r\n", 400),
        ("unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        ("no path", "GET nothing HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("HTTP/0.9", "GET /\r\n\r\n", 505), ("HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505), ("no host", "GET / HTTP/1.1\r\n\r\n", 400),
        ("two hosts", get + "Host: y\r\n\r\n", 400), ("no colon", get + "broken\r\n\r\n", 400),
        ("space before colon", get + "A : b\r\n\r\n", 400), ("NUL", get + "A: b\u{0}c\r\n\r\n", 400),
        ("bare CR", get + "A: b\rc\r\n\r\n", 400), ("bare LF", get + "A: b\n\r\n", 400),
        ("folded field", get + "A: b\r\n c\r\n\r\n", 400), ("endless field", get + "A: \(long)", 431),
        ("long field", get + "A: \(long)\r\n\r\n", 431), ("long URI", "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        ("white space before a value", get + "A:" + blank, 431),
        ("many fields", get + String(repeating: "A: b\r\n", count: 101) + "\r\n", 431),
        ("blank lines", String(repeating: "\r\n", count: 20_000), 431),
    ]

    private static let lengths: [(String, String, Int)] = [
        ("length and chunked", chunked + "Content-Length: 5\r\n\r\n0\r\n\r\n", 400),
        ("chunked and length", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        ("list of lengths", post + "Content-Length: 5, 6\r\n\r\nhello", 400),
        ("negative length", post + "Content-Length: -5\r\n\r\n", 400),
        ("plus", post + "Content-Length: +5\r\n\r\n", 400),
        ("hex length", post + "Content-Length: 0x5\r\n\r\n", 400), ("no length", post + "Content-Length:\r\n\r\n", 400),
        ("2^64-1", post + "Content-Length: 18446744073709551615\r\n\r\n", 400),
        ("2^70", post + "Content-Length: 1180591620717411303424\r\n\r\n", 400),
        ("twice chunked", chunked + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("gzip", post + "Transfer-Encoding: gzip\r\n\r\n", 501),
        ("gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("chunked, gzip", post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
        ("hidden chunked", post + "Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n", 400),
        ("chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("no chunk size", chunked + "\r\nzz\r\n\r\n", 400), ("negative chunk", chunked + "\r\n-5\r\n\r\n", 400),
        ("huge chunk", chunked + "\r\nfffffffffffffffff\r\n\r\n", 400),
        ("chunk too long", chunked + "\r\n2\r\nabcd\r\n0\r\n\r\n", 400),
        ("chunk after LF", chunked + "\r\n2\nab\r\n0\r\n\r\n", 400),
        ("LF in an extension", chunked + "\r\n2;a\nab\r\n0\r\n\r\n", 400),
        ("large trailer", chunked + "\r\n0\r\nA: \(long)\r\n\r\n", 431),
        ("white space in a trailer", chunked + "\r\n0\r\nA:" + blank, 431),
        ("endless extension", chunked + "\r\n1;" + endless, 431),
        ("endless extension of the last chunk", chunked + "\r\n1\r\nx\r\n0;" + endless, 431),
    ]

    /// Simple clients end a body with a line end, and it comes whenever it comes. No request begins with it (RFC 9112,
    /// section 2.2), so none is late.
    @Test func anEmptyLineBetweenRequestsIsNoHead() async throws {
        try await TestBed.run("headerTimeout=1s") { bed in
            let socket = try RawSocket(port: bed.server.port)
            for _ in 0..<2 {
                try await socket.send("POST /api/upload/files/state HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
                try await socket.send("\r\n")
                #expect(try await socket.readAnswer().retCode == "6")
                try await socket.send("\r\n")
                // What must not come has the time to come.
                try await Task.sleep(for: .seconds(2))
                #expect(try socket.unreadBytes() == 0)
            }
            try await socket.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.readAnswer().status == 404)
        }
    }

    @Test func isRefusedInTheEnvelope() async throws {
        try await TestBed.run { bed in
            for (what, bytes, status) in Self.heads + Self.lengths {
                let socket = try RawSocket(port: bed.server.port)
                try await socket.send(bytes)
                let answer = try await socket.readAnswer()
                #expect((answer.status, answer.retCode) == (status, "6"), "\(what): \(answer.text)")
                #expect(answer.json.names == ["data", "retCode", "status"], "\(what)")
                #expect(answer.headers["connection"] == "close", "\(what)")
                #expect(answer.headers["content-type"]?.hasPrefix("application/json") == true, "\(what)")
                #expect(try await socket.readToEnd() == "", "\(what)")
            }
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "0")
            #expect(try await HTTP.get(bed.server.base + "/nothing").status == 404)
        }
    }

    @Test(arguments: ["", "Connection: keep-alive\r\n"])
    func HTTP10IsAnsweredAndClosed(field: String) async throws {
        try await TestBed.run { bed in
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send("GET /nothing HTTP/1.0\r\n\(field)\r\n")
            let answer = try await socket.readAnswer()
            #expect((answer.status, answer.headers["connection"]) == (404, "close"))
            #expect(try await socket.readToEnd() == "")
        }
    }

    /// curl --http2 asks like this; the request is served as it is.
    @Test func anUpgradeIsDeclined() async throws {
        try await TestBed.run { bed in
            let task = NewTask(TestFile(size: 10, seed: 1)).json
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                RawRequest.json(
                    "/api/upload/new/task", length: task.utf8.count, "Connection: Upgrade, HTTP2-Settings",
                    "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA") + task)
            let answer = try await socket.readAnswer()
            #expect((answer.retCode, answer.headers["connection"]) == ("0", "close"))
            #expect(try await socket.readToEnd() == "")
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 1000, seed: 1)
            let upload = try await bed.server.register(file)
            let first = Form(block: 0...499, file[0...499])
            let last = Form(block: 500...999, file[500...999], md5: file.md5)
            let target = upload.uploadTarget
            let socket = try RawSocket(port: bed.server.port)
            var packet = RawRequest.whole(target, first)
            packet += (Self.get + "\r\n").utf8
            packet += RawRequest.whole(target, last)
            packet += "BREW / HTTP/1.1\r\n\r\n".utf8
            try await socket.send(packet)
            for expected in [(200, "0"), (404, "6"), (200, "7"), (501, "6")] {
                let answer = try await socket.readAnswer()
                #expect((answer.status, answer.retCode) == expected, "\(answer.text)")
                #expect((answer.headers["connection"] == "close") == (expected.0 == 501))
            }
            #expect(try await socket.readToEnd() == "")
        }
    }

    @Test func nothingFollowsARequestThatEndsTheConnection() async throws {
        try await TestBed.run { bed in
            let task = NewTask(TestFile(size: 10, seed: 1)).json
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                Self.get + "Connection: close\r\n\r\n"
                    + RawRequest.json("/api/upload/new/task", length: task.utf8.count)
                    + task)
            #expect(try await socket.readAnswer().status == 404)
            #expect(try await socket.readToEnd() == "")
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "0")
        }
    }
}
