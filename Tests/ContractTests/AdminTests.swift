import Glibc
import Testing
import UploadTestSupport

private let file = TestFile(size: 1000, seed: 1)

/// The operator's listener: who is let in, health, readiness, figures.
@Suite(.contract)
struct AdminTests {
    private static let token = "a-token-for-operators"

    @Test func healthAndReadiness() async throws {
        try await TestBed.runWithShim { bed, shim in
            let admin = try await bed.server.adminBase()
            let health = try await HTTP.get(admin + "/health")
            #expect(health.status == 200 && health.json["status"].text == "alive", "\(health.text)")
            let ready = try await HTTP.get(admin + "/ready")
            #expect(ready.status == 200 && ready.json["status"].text == "ready", "\(ready.text)")
            #expect(ready.text.contains(#""reasons":[]"#), "\(ready.text)")
            let full = try shim.fail(.write, path: "probe", with: ENOSPC)
            let reasons = try await eventually("a reason") {
                let answer = try await HTTP.get(admin + "/ready")
                return answer.status == 503 ? answer : nil
            }
            #expect(reasons.text.contains("blocks can't be staged"), "\(reasons.text)")
            #expect(try await HTTP.get(admin + "/health").status == 200, "it is alive all the same")
            #expect(try await HTTP.get(admin + "/metrics").text.contains("\nfupload_ready 0\n"))
            full.remove()
            _ = try await eventually("the end of it") {
                try await HTTP.get(admin + "/ready").status == 200 ? true : nil
            }
        }
    }

    /// Nothing of it is on the port that clients reach.
    @Test func clientsHaveNoneOfIt() async throws {
        try await TestBed.run { bed in
            _ = try await bed.server.adminBase()
            for path in ["/metrics", "/health"] { #expect(try await HTTP.get(bed.server.base + path).status == 404) }
        }
    }

    @Test func whoHasTheTokenIsLetIn() async throws {
        try await TestBed.run("admin.token=\(Self.token)") { bed in
            let admin = try await bed.server.adminBase()
            for path in ["/health", "/ready"] { #expect(try await HTTP.get(admin + path).status == 200) }
            for given in ["", "Bearer", "Bearer wrong", "Bearer \(Self.token)x", "Basic \(Self.token)"] {
                let answer = try await HTTP.send("GET", admin + "/metrics", headers: ["Authorization": given])
                #expect(answer.status == 401 && answer.headers["www-authenticate"] == "Bearer", "\(given)")
                #expect(!answer.text.contains("fupload_"))
            }
            let answer = try await HTTP.send(
                "GET", admin + "/metrics", headers: ["Authorization": "Bearer \(Self.token)"])
            #expect(answer.status == 200)
            #expect(try !bed.server.logText().contains(Self.token))
        }
    }

    /// A page in a browser on this machine, whose name was made to lead here.
    @Test func anotherNameIsNotServedWithoutAToken() async throws {
        try await TestBed.run { bed in
            let admin = try await bed.server.adminBase()
            let answer = try await HTTP.send("GET", admin + "/metrics", headers: ["Host": "evil.test"])
            #expect(answer.status == 403, "\(answer.text)")
            #expect(try await HTTP.send("GET", admin + "/metrics", headers: ["Host": "localhost:1"]).status == 200)
        }
    }

    /// Whoever holds connections there takes no descriptors from uploads.
    @Test func connectionsAreBounded() async throws {
        try await TestBed.run { bed in
            let port = try #require(try await bed.server.adminBase().split(separator: ":").last.flatMap { Int($0) })
            let process = try #require(bed.server.process)
            let before = try await process.restingDescriptors()
            let sockets = try (0..<100).map { _ in try RawSocket(port: port) }
            _ = try await eventually("64 connections") { try process.descriptors() >= before + 64 ? true : nil }
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id)
            // Beside them: the connection that was just used, and one to the receiver.
            #expect(try process.descriptors() <= before + 64 + 5)
            withExtendedLifetime(sockets) {}
        }
    }

    @Test func withoutATokenOnlyThisMachineIsServed() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let process = try bed.server.launch(overrides: ["admin.host=0.0.0.0"])
            #expect(try await process.waitForExit() == .code(78))
            let fault = process.output.value.errorText
            #expect(fault.contains("admin.token") && fault.contains("is missing"), "\(fault)")
        }
    }

    @Test func itCanBeTurnedOff() async throws {
        try await TestBed.run("admin.host=") { bed in
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id)
            #expect(try !bed.server.logText().contains("operators are served"))
        }
    }

    /// Two servers on one machine: the second one serves uploads all the same, and operators once the first is gone.
    @Test func aPortThatIsTakenStopsNoUpload() async throws {
        try await TestBed.run { bed in
            try await bed.server.terminate()
            // Another program listens there.
            try await bed.server.start(overrides: ["admin.port=\(bed.receiver.port)"])
            _ = try await bed.server.process?.waitForError(containing: "can't listen for operators, trying again")
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            await bed.receiver.stop()
            #expect(try await HTTP.get(bed.server.adminBase() + "/health").status == 200)
        }
    }
}
