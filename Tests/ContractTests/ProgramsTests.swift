import Foundation
import Glibc
import Testing
import UploadTestSupport

/// The three programs with each other, as the seed document walks through them.
@Suite(.contract, .serialized)
struct ProgramsTests {
    @Test func aFileGoesThroughAllThree() async throws {
        try await Trio.run { trio in
            let file = TestFile(size: 3_000_000, seed: 1)
            let client = try trio.client(["--block-size", "256KiB", try trio.write(file, "test.mp4")])
            #expect(try await client.waitForExit() == .code(0), "\(client.output.value.errorText)")
            _ = try await eventually("the file in storeDir") {
                trio.server.stored("test.mp4") == file.bytes ? true : nil
            }
            let callback = try await trio.callback { $0["body"]["fileName"].text == "test.mp4" }
            #expect(callback["verified"] == .bool(true))
            #expect(callback["body"]["retCode"].text == "0")
            #expect(callback["body"]["userId"].text == "123456")
            #expect(callback["body"]["fileMd5"].text == file.md5)
            #expect(callback["body"]["data"]["orderId"].text != nil)
        }
    }

    @Test func anEmptyFileAndSeveralFilesGoThrough() async throws {
        try await Trio.run { trio in
            let (one, empty) = (TestFile(size: 100_001, seed: 1), TestFile([]))
            let client = try trio.client(
                ["--quiet", try trio.write(one, "one"), try trio.write(empty, "empty")])
            #expect(try await client.waitForExit() == .code(0), "\(client.output.value.errorText)")
            _ = try await trio.callback { $0["body"]["fileName"].text == "one" }
            _ = try await trio.callback { $0["body"]["fileName"].text == "empty" }
            #expect(trio.server.stored("one") == one.bytes)
            #expect(trio.server.stored("empty") == [])
        }
    }

    @Test func aCallbackThatFailsComesAgain() async throws {
        try await Trio.run(business: ["--fail-callbacks", "2"]) { trio in
            let client = try trio.client([try trio.write(TestFile(size: 10, seed: 1), "f")])
            #expect(try await client.waitForExit() == .code(0), "\(client.output.value.errorText)")
            let callback = try await trio.callback { $0["deliveries"].integer == 3 }
            #expect(callback["verified"] == .bool(true))
        }
    }

    @Test func theClientSurvivesKill9OfTheServer() async throws {
        try await Trio.run { trio in
            let file = TestFile(size: 6_000_000, seed: 2)
            let client = try trio.client(
                ["--block-size", "16KiB", "--connections", "2", try trio.write(file, "big")])
            try await trio.waitForBytes()
            try await trio.server.kill()
            try await trio.server.start(overrides: ["server.port=\(trio.server.port)"])
            #expect(try await client.waitForExit(within: .seconds(60)) == .code(0), "\(client.output.value.errorText)")
            _ = try await trio.callback { $0["body"]["fileName"].text == "big" }
            #expect(trio.server.stored("big") == file.bytes)
        }
    }

    @Test func nobodyListeningIsSaidClearly() async throws {
        try await Trio.run { trio in
            let path = try trio.write(TestFile(size: 10, seed: 1), "f")
            let nobody = "http://127.0.0.1:\(try FreePort.find())"
            let client = try trio.client(["--give-up-after", "1", path], business: nobody)
            #expect(try await client.waitForExit() == .code(1))
            #expect(client.output.value.errorText.contains("gave up"), "\(client.output.value.errorText)")
            #expect(!client.output.value.errorText.contains("unexpected error"))

            try await trio.server.kill()
            let second = try trio.client(["--give-up-after", "1", path])
            #expect(try await second.waitForExit() == .code(1))
            #expect(second.output.value.errorText.contains("gave up"), "\(second.output.value.errorText)")

            let third = try trio.client(["/nonexistent/file"])
            #expect(try await third.waitForExit() == .code(1))
            #expect(third.output.value.errorText.contains("/nonexistent/file"))
        }
    }

    @Test func statusPauseResumeCancel() async throws {
        try await Trio.run { trio in
            let path = try trio.write(TestFile(size: 6_000_000, seed: 3), "big")
            let before = try trio.client(["status", path])
            #expect(try await before.waitForExit() == .code(1), "nothing is remembered yet")
            let client = try trio.client(["--block-size", "16KiB", "--connections", "1", path])
            try await trio.waitForBytes()
            for (command, state) in [("pause", "pause"), ("resume", "upload"), ("pause", "pause"), ("cancel", nil)] {
                let control = try trio.client([command, path])
                #expect(try await control.waitForExit() == .code(0), "\(command): \(control.output.value.errorText)")
                guard let state else { continue }
                let status = try trio.client(["status", path])
                #expect(try await status.waitForExit() == .code(0), "\(status.output.value.errorText)")
                #expect(status.output.value.text.contains("state: \(state)"), "\(status.output.value.text)")
            }
            #expect(try await client.waitForExit() == .code(1), "\(client.output.value.errorText)")
            #expect(client.output.value.errorText.contains("cancelled"), "\(client.output.value.errorText)")
            let callback = try await trio.callback { $0["body"]["retCode"].text == "-3" }
            #expect(callback["body"]["fileName"].text == "big")
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedUploadGoesOn(signal: Int32) async throws {
        try await Trio.run { trio in
            let file = TestFile(size: 6_000_000, seed: 4)
            let path = try trio.write(file, "big")
            let client = try trio.client(["--block-size", "16KiB", "--connections", "1", path])
            try await trio.waitForBytes()
            client.signal(signal)
            #expect(try await client.waitForExit(within: .seconds(10)) == .code(130))
            let held = try #require(Int(try await trio.server.sqlite("SELECT received_bytes FROM tasks")))
            #expect((1..<6_000_000).contains(held))
            let again = try trio.client([path])
            #expect(try await again.waitForExit() == .code(0), "\(again.output.value.errorText)")
            _ = try await trio.callback { $0["body"]["fileName"].text == "big" }
            #expect(trio.server.stored("big") == file.bytes)
            #expect(try await trio.server.sqlite("SELECT count(*) FROM tasks") == "1", "resumed, not begun anew")
        }
    }
}

/// fuploadServer, businessServer, and clients that know of both.
struct Trio {
    let bed: TestBed
    let server: ServerProcess
    let business: String

    static func run(business more: [String] = [], _ body: (Trio) async throws -> Void) async throws {
        try await TestBed.run(startsServer: false) { bed in
            let port = try FreePort.find()
            let url = "http://127.0.0.1:\(port)"
            let server = try ServerProcess(
                folder: bed.folder + "/trio",
                businessServers: """
                      \(TestBed.token):
                        name: "cp1"
                        notifyUrl: "\(url)/api/business/fupload/callback"
                        secret: "\(TestBed.secret)"
                    """)
            try await server.start()
            if let process = server.process { _ = bed.own(process) }
            let example = bed.own(
                try ProgramProcess(
                    try ProgramProcess.path(ofProduct: "businessServer"),
                    [
                        "--host", "127.0.0.1", "--port", "\(port)", "--upload-server", server.base, "--token",
                        TestBed.token, "--store-path", server.storeDirectory, "--secret", TestBed.secret,
                    ] + more, log: bed.folder + "/business.log"))
            _ = try await example.waitForError(containing: "listening on http://127.0.0.1:\(port)")
            do {
                try await body(Trio(bed: bed, server: server, business: url))
            } catch {
                await server.process?.end()
                throw error
            }
            await server.process?.end()
        }
    }

    /// Starts the client with these arguments.
    func client(_ arguments: [String], business other: String? = nil) throws -> ProgramProcess {
        let subcommands = ["status", "pause", "resume", "cancel"]
        let isControl = arguments.first.map { subcommands.contains($0) } ?? false
        let options = ["--business", other ?? business]
        return bed.own(
            try ProgramProcess(
                try ProgramProcess.path(ofProduct: "client"),
                isControl ? [arguments[0]] + options + arguments.dropFirst() : options + arguments,
                environment: ["XDG_STATE_HOME": bed.folder + "/state"], log: bed.folder + "/client.log"))
    }

    /// Writes a file for the client.
    func write(_ file: TestFile, _ name: String) throws -> String {
        let path = bed.folder + "/" + name
        try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Waits until the server holds bytes of the only task.
    func waitForBytes() async throws {
        _ = try await eventually("received bytes") {
            Int(try await server.sqlite("SELECT max(received_bytes) FROM tasks")) ?? 0 > 0 ? true : nil
        }
    }

    /// Waits for a callback in the business server's list.
    func callback(_ matches: (JSONTree) -> Bool) async throws -> JSONTree {
        try await eventually("a callback at the business server") {
            try await HTTP.get(business + "/api/business/callbacks").json["callbacks"].elements.first(where: matches)
        }
    }
}
