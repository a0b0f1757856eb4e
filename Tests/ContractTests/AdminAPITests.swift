import Testing
import UploadTestSupport

private let file = TestFile(size: 1000, seed: 1)

/// What the console and operators' programs ask of the admin listener.
@Suite(.contract)
struct AdminAPITests {
    @Test func theOverview() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(100...349, of: file)
            let overview = try await eventually("the block is counted") {
                let answer = try await bed.server.admin("/api/overview").json
                return answer["receivedBytes"] == .integer(250) && answer["missingBytes"] == .integer(750)
                    ? answer : nil
            }
            #expect(overview["ready"] == .bool(true) && overview["reasons"].elements.isEmpty)
            #expect(overview["openTasks"]["receiving"] == .integer(1) && overview["openTasks"]["paused"] == .integer(0))
            #expect(overview["promisedBytes"] == .integer(1000))
            #expect(overview["callbacks"]["oldestWaitingAt"] == .null)
            #expect((overview["freeBytes"].integer ?? 0) > 0)
            #expect(overview["version"].text?.contains("fuploadServer") == true)
        }
    }

    @Test func listAndReport() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file, name: "<img src=x>.bin")
            try await upload.send(100...349, of: file)
            try await upload.send(500...599, of: file)
            let other = try await bed.server.register(file, name: "other")
            let list = try await bed.server.admin("/api/tasks?sort=progress&limit=1").json
            #expect(list["tasks"].elements.map { $0["id"].integer } == [upload.id] && list["more"] == .bool(true))
            #expect(list["tasks"].elements.first?["file"].text == "<img src=x>.bin")
            let found = try await bed.server.admin("/api/tasks?search=OTHER").json
            #expect(found["tasks"].elements.map { $0["id"].integer } == [other.id])
            // As forms and scripts write a space, and as it has to be written otherwise.
            for name in ["%3Cimg+src", "%3Cimg%20src"] {
                let spaced = try await bed.server.admin("/api/tasks?search=\(name)").json
                #expect(spaced["tasks"].elements.map { $0["id"].integer } == [upload.id], "\(name)")
            }
            let report = try await bed.server.admin("/api/tasks/\(upload.id)").json
            #expect(
                report["ranges"]
                    == .array([[100, 349], [500, 599]].map { .array($0.map { .integer($0) }) }))
            #expect(report["blocks"] == .integer(2) && report["rangesCut"] == .bool(false))
            #expect(report["timeline"].elements.map { $0["what"].text } == ["created", "blocks"])
            #expect(report["expiresAt"].text != nil && report["callback"] == .null)
        }
    }

    @Test func steering() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let path = "/api/tasks/\(upload.id)"
            let paused = try await bed.server.adminPost(path + "/pause", #"{"reason":"disk work"}"#)
            #expect(paused.status == 200 && paused.json["task"]["state"].text == "paused", "\(paused.text)")
            #expect(try await upload.send(0...99, of: file).retCode == "4")
            let again = try await bed.server.adminPost(path + "/pause")
            #expect(again.status == 409 && again.json["error"]["message"].text?.contains("already") == true)
            #expect(try await bed.server.adminPost(path + "/resume").status == 200)
            try await upload.send(0...99, of: file)
            let cancelled = try await bed.server.adminPost(path + "/cancel", #"{"reason":"asked for by phone"}"#)
            #expect(cancelled.json["task"]["state"].text == "cancelled")
            #expect(cancelled.json["task"]["reason"].text == "cancelled by the operator: asked for by phone")
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.retCode == "-3")
            #expect(try await bed.server.adminPost(path + "/resume").status == 409)
            let history = try await bed.server.admin(path).json["timeline"].elements.map { $0["detail"].text ?? "" }
            #expect(history.contains("asked for by the operator: disk work"), "\(history)")
            _ = try await eventually("the staging file is removed") {
                bed.server.stagingFiles().isEmpty ? true : nil
            }
        }
    }

    @Test func aDeadCallbackIsReplayed() async throws {
        try await TestBed.run { bed in
            bed.receiver.plan([.status(410)], for: "/one")
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            let dead = try await eventually("a dead callback") {
                try await bed.server.admin("/api/callbacks?state=dead").json["callbacks"].elements.first
            }
            #expect(dead["lastStatus"] == .integer(410) && dead["taskId"] == .integer(upload.id))
            let number = try #require(dead["id"].integer)
            let replayed = try await bed.server.adminPost("/api/callbacks/replay", "{\"ids\":[\(number)]}")
            #expect(replayed.json == .object(["replayed": .integer(1), "left": .integer(0)]), "\(replayed.text)")
            _ = try await bed.receiver.callback(for: upload.id, 2)
            let all = bed.receiver.callbacks(for: upload.id)
            #expect(Set(all.compactMap(\.webhookID)).count == 1 && Set(all.map(\.body)).count == 1)
            let report = try await eventually("it is delivered") {
                let report = try await bed.server.admin("/api/callbacks/\(number)").json
                return report["callback"]["state"].text == "delivered" ? report : nil
            }
            #expect(report["attempts"].elements.map { $0["status"].integer } == [410, 200])
            #expect(report["body"]["taskId"] == .integer(upload.id))
            // A receiver that lost what it took asks for all of it once more.
            let lost = try await bed.server.adminPost(
                "/api/callbacks/replay", #"{"since":"2020-01-01","state":"delivered","businessServer":"one"}"#)
            #expect(lost.json["replayed"] == .integer(1), "\(lost.text)")
            _ = try await bed.receiver.callback(for: upload.id, 3)
        }
    }

    @Test(arguments: [
        ("/api/tasks?state=open%20ones", "state"), ("/api/tasks?limit=0", "limit"), ("/api/tasks?limit=ten", "limit"),
        ("/api/tasks?offset=-1", "offset"), ("/api/tasks?sort=name", "sort"), ("/api/tasks?order=up", "order"),
        ("/api/tasks?colour=red", "colour"), ("/api/tasks/zero", "id"), ("/api/tasks/0", "id"),
        ("/api/callbacks?since=yesterday", "since"), ("/api/callbacks?state=lost", "state"),
        ("/api/callbacks/x", "id"), ("/api/history?hours=49", "hours"),
    ])
    func whatIsWrongIsNamed(path: String, name: String) async throws {
        try await TestBed.run { bed in
            let answer = try await bed.server.admin(path)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.json["error"]["message"].text?.hasPrefix(name + " ") == true, "\(answer.text)")
        }
    }

    @Test(arguments: [
        (#"{}"#, "ids"), (#"{"ids":[]}"#, "ids"), (#"{"ids":[1],"since":"2026-01-01"}"#, "ids"),
        (#"{"since":"soon"}"#, "since"), (#"{"since":"2026-01-01","to":"x"}"#, "to"),
        (#"{"since":"2026-01-01","state":"sending"}"#, "state"),
    ])
    func aWrongReplayIsNamed(body: String, name: String) async throws {
        try await TestBed.run { bed in
            let answer = try await bed.server.adminPost("/api/callbacks/replay", body)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.json["error"]["message"].text?.hasPrefix(name + " ") == true, "\(answer.text)")
        }
    }

    @Test func whatIsNotThere() async throws {
        try await TestBed.run { bed in
            for path in ["/api/tasks/12345", "/api/callbacks/12345", "/api/nothing"] {
                #expect(try await bed.server.admin(path).status == 404, "\(path)")
            }
            #expect(try await bed.server.adminPost("/api/tasks/12345/cancel").status == 404)
            let replay = try await bed.server.adminPost("/api/callbacks/replay", #"{"ids":[12345]}"#)
            #expect(replay.status == 404 && replay.text.contains("12345"))
        }
    }

    /// What a page of somebody else's could have an operator's browser send.
    @Test(arguments: [
        (["Content-Type": "application/json"], 403),
        (["Content-Type": "application/json", "X-Fupload-Admin": "1", "Origin": "http://evil.test"], 403),
        (["Content-Type": "application/json", "X-Fupload-Admin": "1", "Origin": "null"], 403),
        (["Content-Type": "text/plain", "X-Fupload-Admin": "1"], 415),
        (["Content-Type": "application/x-www-form-urlencoded"], 403),
    ])
    func crossSiteRequestsChangeNothing(headers: [String: String], status: Int) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let url = try await bed.server.adminBase() + "/api/tasks/\(upload.id)/cancel"
            let answer = try await HTTP.send("POST", url, headers: headers, body: Array("{}".utf8))
            #expect(answer.status == status, "\(answer.text)")
            #expect(try await bed.server.sqlite("SELECT state FROM tasks") == "receiving")
        }
    }

    @Test func theApiWantsTheToken() async throws {
        try await TestBed.run("admin.token=a-token-for-operators") { bed in
            let base = try await bed.server.adminBase()
            for path in ["/api/overview", "/api/tasks", "/api/events", "/api/history"] {
                #expect(try await HTTP.get(base + path).status == 401, "\(path)")
            }
        }
    }

    /// What the charts show, once it has been counted for ten seconds.
    @Test func trafficIsWrittenDown() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...499, of: file)
            let samples = try await eventually("a sample") {
                let samples = try await bed.server.admin("/api/history?hours=1").json["samples"].elements
                return samples.isEmpty ? nil : samples
            }
            let sample = try #require(samples.first)
            #expect(sample["openTasks"] == .integer(1) && sample["outboxDepth"] == .integer(0))
            #expect(
                sample.names == [
                    "at", "blockLatencyMs", "blocksPerSecond", "bytesPerSecond", "deadCallbacks", "openTasks",
                    "outboxDepth",
                ])
            #expect(try await bed.server.sqlite("SELECT sum(bytes) || ' ' || sum(blocks) FROM traffic") == "500 1")
        }
    }
}
