import Testing
import UploadTestSupport

/// What `server.allowedOrigins` lets browsers do.
@Suite(.contract)
struct BrowserOriginTests {
    private let page = "https://app.example.com"
    private let file = TestFile(size: 1000, seed: 1)
    private let allowed = "server.allowedOrigins=https://app.example.com,http://127.0.0.1:8090"

    /// What a browser looks at.
    private func words(_ answer: HTTPAnswer) -> [String: String] {
        answer.headers.filter { $0.key.hasPrefix("access-control-") || $0.key == "vary" }
    }

    private var readable: [String: String] {
        ["access-control-allow-origin": page, "access-control-expose-headers": "Retry-After", "vary": "Origin"]
    }

    private func preflight(_ url: String, origin: String, method: String) async throws -> HTTPAnswer {
        try await HTTP.send(
            "OPTIONS", url,
            headers: [
                "Origin": origin, "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "content-type",
            ])
    }

    @Test func withoutItNoAnswerSaysAWord() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            for url in [upload.uploadURL, upload.stateURL, upload.blocksURL, bed.server.newTaskURL] {
                for method in ["GET", "POST"] {
                    let answer = try await HTTP.send(method, url, headers: ["Origin": page])
                    #expect(words(answer) == [:], "\(method) \(url)")
                }
                let answer = try await preflight(url, origin: page, method: "POST")
                #expect((answer.status, answer.retCode) == (405, "6"))
                #expect(words(answer) == [:], "\(url)")
            }
        }
    }

    @Test func aBrowserThatAsksBeforehandIsTold() async throws {
        try await TestBed.run(allowed) { bed in
            let upload = try await bed.server.register(file)
            for (url, method) in [(upload.uploadURL, "POST"), (upload.stateURL, "POST"), (upload.blocksURL, "GET")] {
                let answer = try await preflight(url, origin: page, method: method)
                #expect((answer.status, answer.body, answer.headers["content-length"]) == (204, [], nil))
                #expect(
                    words(answer) == [
                        "access-control-allow-origin": page, "access-control-allow-methods": method,
                        "access-control-allow-headers": "Content-Type", "access-control-max-age": "7200",
                        "vary": "Origin",
                    ])
                let other = try await preflight(url, origin: "https://evil.example", method: method)
                #expect(other.status == 405)
                #expect(words(other) == ["vary": "Origin"])
            }
            #expect(try await upload.missing() == [0...999], "nothing was changed by asking")
        }
    }

    @Test(arguments: ["server.allowedOrigins=*", "server.allowedOrigins=https://app.example.com"])
    func registeringIsOpenedToNobody(setting: String) async throws {
        try await TestBed.run(setting) { bed in
            for path in ["/api/upload/new/task", "/api/upload//new/task/", "/ready", "/nothing"] {
                let asked = try await preflight(bed.server.base + path, origin: page, method: "POST")
                #expect([404, 405].contains(asked.status) && words(asked) == [:], "\(path)")
                let answer = try await HTTP.send(
                    "POST", bed.server.base + path, headers: ["Origin": page], body: Array(NewTask(file).json.utf8))
                #expect(words(answer) == [:], "\(path)")
            }
        }
    }

    @Test func everyOutcomeCanBeRead() async throws {
        try await TestBed.run(allowed, "maxBlockSize=500") { bed in
            let upload = try await bed.server.register(file)
            func send(_ range: ClosedRange<Int>, md5: String? = nil) async throws -> HTTPAnswer {
                let form = Form(block: range, file[range], md5: md5)
                return try await HTTP.send(
                    "POST", upload.uploadURL, headers: ["Origin": page, "Content-Type": form.contentType],
                    body: form.bytes)
            }
            func change(to status: String) async throws -> HTTPAnswer {
                try await HTTP.send(
                    "POST", upload.stateURL, headers: ["Origin": page, "Content-Type": "application/json"],
                    body: Array("{\"taskId\":\(upload.id),\"status\":\"\(status)\"}".utf8))
            }
            let outcomes: [(String, Int, HTTPAnswer)] = [
                ("0", 200, try await send(0...99)), ("7", 200, try await send(100...199, md5: file.md5)),
                ("1", 200, try await send(900...999)), ("10", 413, try await send(100...800)),
                ("0", 200, try await HTTP.send("GET", upload.blocksURL, headers: ["Origin": page])),
                ("0", 200, try await change(to: "pause")), ("4", 200, try await send(100...199)),
                ("5", 200, try await change(to: "pause")), ("6", 200, try await change(to: "stop")),
                ("6", 405, try await HTTP.send("PUT", upload.stateURL, headers: ["Origin": page])),
                ("0", 200, try await change(to: "cancel")), ("9", 200, try await send(100...199)),
            ]
            for (retCode, status, answer) in outcomes {
                #expect((answer.retCode, answer.status) == (retCode, status), "\(answer.text)")
                #expect(words(answer) == readable, "\(answer.text)")
            }
            try await bed.server.sqlite("DROP TABLE blocks")
            let broken = try await HTTP.send("GET", upload.blocksURL, headers: ["Origin": page])
            #expect((broken.status, words(broken)) == (500, readable))
        }
    }

    /// The header that says when to come again, which a page could not read otherwise.
    @Test func busyCanBeRead() async throws {
        try await TestBed.run(allowed) { bed in
            let upload = try await bed.server.register(file)
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN IMMEDIATE; SELECT 'locked';")
            _ = try await shell.waitForError(containing: "locked")
            let form = Form(block: 0...999, file.bytes)
            let answer = try await HTTP.send(
                "POST", upload.uploadURL, headers: ["Origin": page, "Content-Type": form.contentType], body: form.bytes)
            #expect((answer.status, answer.retCode) == (503, "11"))
            #expect(answer.headers["retry-after"] != nil)
            #expect(words(answer) == readable)
        }
    }

    /// A fault of HTTP itself in the middle of a body, which the router is told of.
    @Test func aBodyThatIsRefusedCanBeRead() async throws {
        try await TestBed.run(allowed) { bed in
            let upload = try await bed.server.register(file)
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                "POST \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\nOrigin: \(page)\r\n"
                    + "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")
            let answer = try await socket.readAnswer()
            #expect((answer.status, words(answer)) == (400, readable))
        }
    }

    @Test func anotherOriginIsServedAndNotNamed() async throws {
        try await TestBed.run(allowed) { bed in
            let upload = try await bed.server.register(file)
            for origin in ["https://evil.example", "null", "https://app.example.com.evil.example", ""] {
                let answer = try await HTTP.send("GET", upload.blocksURL, headers: ["Origin": origin])
                // The browser is who keeps the answer from the page.
                #expect(answer.retCode == "0")
                #expect(words(answer) == ["vary": "Origin"], "\(origin)")
            }
            #expect(words(try await HTTP.get(upload.blocksURL)) == ["vary": "Origin"])
        }
    }

    @Test func everybodyIsAStar() async throws {
        try await TestBed.run("server.allowedOrigins=*") { bed in
            let upload = try await bed.server.register(file)
            let answer = try await HTTP.send("GET", upload.blocksURL, headers: ["Origin": "null"])
            #expect(words(answer)["access-control-allow-origin"] == "*")
            #expect(words(answer)["access-control-allow-credentials"] == nil)
        }
    }

    /// The connection's own answer, which the router never sees.
    @Test func aRequestRefusedByItsHeadCanBeRead() async throws {
        try await TestBed.run(allowed) { bed in
            let upload = try await bed.server.register(file)
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                "POST \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nOrigin: \(page)\r\n\r\n")
            let answer = try await socket.readAnswer()
            #expect((answer.status, words(answer)) == (417, readable))
        }
    }

    @Test func anOriginThatIsNoneIsRefusedByName() async throws {
        try await TestBed.run(startsServer: false) { bed in
            for origins in ["app.example.com", "https://app.example.com/page", "*,https://app.example.com", "null"] {
                let process = bed.own(try bed.server.launch(overrides: ["server.allowedOrigins=\(origins)"]))
                #expect(try await process.waitForExit() == .code(78))
                #expect(process.output.value.errorText.contains("server.allowedOrigins"))
            }
        }
    }
}
