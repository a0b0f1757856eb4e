import Foundation
import Testing
import UploadTestSupport

/// Senders that trickle or stop: given up after the configured time, without a trace, and to nobody's cost.
@Suite(.contract)
struct SlowSenderTests {
    private let file = TestFile(size: 1000, seed: 1)
    private static let isFull = ProcessInfo.processInfo.environment["NETWORK_TROUBLE"] == "full"

    @Test(arguments: ["", "GET / HTTP/1.1\r\nHost: x\r\nA: "])
    func aHeadThatDoesNotComeIs408(beginning: String) async throws {
        try await TestBed.run("headerTimeout=500ms") { bed in
            let idle = try RawSocket(port: bed.server.port)
            try await idle.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await idle.readAnswer().status == 404)
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(beginning)
            let answer = try await socket.readAnswer()
            #expect((answer.status, answer.retCode) == (408, "6"))
            #expect(answer.headers["connection"] == "close")
            #expect(try await socket.readToEnd() == "")
            // Between two requests the limit does not run; it does again once the next one begins.
            try await idle.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await idle.readAnswer().status == 404)
            try await idle.send("G")
            #expect(try await idle.readAnswer().status == 408)
        }
    }

    @Test func aBodyThatTricklesIsGivenUp() async throws {
        try await TestBed.run("minRate=1KiB", "minRateWindow=600ms") { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...999, file.bytes)
            for parts in [form.parts, form.parts.reversed()] {
                let stalled = try await StalledBlock.begin(upload, Form(parts), sending: 0.5)
                let answer = try await stalled.readAnswer()
                #expect((answer.status, answer.retCode) == (503, "11"))
                #expect((answer.headers["connection"], answer.headers["retry-after"]) == ("close", "1"))
                #expect(try await stalled.readToEnd() == "")
            }
            let json = try RawSocket(port: bed.server.port)
            try await json.send(RawRequest.json("/api/upload/new/task", length: 100) + "{")
            #expect(try await json.readAnswer().retCode == "11")
            #expect(try await upload.missing() == [0...999])
            #expect(try await upload.send(0...999, of: file).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    /// Longer than the window.
    @Test func aBodyThatKeepsTheRateIsTaken() async throws {
        try await TestBed.run("minRate=100", "minRateWindow=3s") { bed in
            let file = TestFile(size: 10_000, seed: 1)
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...9_999, file.bytes)
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(RawRequest.head(upload.uploadTarget, form))
            var rest = form.bytes[...]
            while !rest.isEmpty {
                try await socket.send(Array(rest.prefix(500)))
                rest = rest.dropFirst(500)
                // The pace is what is tested.
                try await Task.sleep(for: .milliseconds(250))
            }
            #expect(try await socket.readAnswer().retCode == "0")
        }
    }

    @Test func withoutARateNothingIsGivenUp() async throws {
        try await TestBed.run("minRate=0", "minRateWindow=100ms", "headerTimeout=1s") { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...999, file.bytes)
            let stalled = try await StalledBlock.begin(upload, form, sending: 0.5)
            // Ten windows, told by the other limit.
            #expect(try await RawSocket(port: bed.server.port).readAnswer().status == 408)
            try await stalled.send(Array(form.bytes.dropFirst(form.bytes.count / 2)))
            #expect(try await stalled.readAnswer().retCode == "0")
        }
    }

    /// What waits for another request's COMMIT is not waited for.
    @Test func aBlockThatHasToWaitIsNotBlamed() async throws {
        try await TestBed.run("minRate=16KiB", "minRateWindow=1s") { bed in
            let file = TestFile(size: 8_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            let request = RawRequest.whole(upload.uploadTarget, Form(block: 0...7_999_999, file.bytes))
            let shell = bed.own(try bed.server.sqlite.session())
            shell.send("BEGIN IMMEDIATE; SELECT 'locked';")
            _ = try await shell.waitForError(containing: "locked")
            let first = try RawSocket(port: bed.server.port)
            try await first.send(request)
            let staged = bed.server.tmpDirectory + "/" + (try #require(bed.server.stagingFiles().first))
            _ = try await eventually("all bytes to be staged") {
                try FileManager.default.attributesOfItem(atPath: staged)[.size] as? Int == 8_000_000 ? true : nil
            }
            let second = try RawSocket(port: bed.server.port)
            async let sending: Void = second.send(request)
            // Two windows, and less than the server waits for the database.
            try await Task.sleep(for: .milliseconds(2500))
            shell.send("COMMIT; SELECT 'released';")
            #expect(try await first.readAnswer().retCode == "0")
            try await sending
            // Held already, or finished by now.
            #expect(["0", "9"].contains(try await second.readAnswer().retCode))
        }
    }

    /// Heads and bodies, a byte a second each.
    @Test func aCrowdOfTricklersCostsNeitherMemoryNorService() async throws {
        let count = Self.isFull ? 4000 : 2000
        try await TestBed.run("headerTimeout=10s", "minRateWindow=10s") { bed in
            let process = try #require(bed.server.process)
            let file = TestFile(size: 1 << 20, seed: 1)
            let target = try await bed.server.register(TestFile(size: count * 1000, seed: 2), name: "crowd")
                .uploadTarget
            let (descriptors, memory) = (try process.descriptors(), try process.residentKiB())
            let crowd = try SocketCrowd(
                port: bed.server.port,
                beginnings: (0..<count).map { index in
                    guard index % 2 == 0 else { return Array("POST /api HTTP/1.1\r\nHost: x\r\nA: ".utf8) }
                    let first = index * 1000
                    let form = Form(block: first...first + 999, [UInt8](repeating: 0, count: 1000))
                    return Array(RawRequest.head(target, form).utf8) + form.bytes.prefix(form.bytes.count - 700)
                })
            defer { crowd.end() }
            for name in ["one", "two", "three"] {
                let upload = try await bed.server.register(file, name: name)
                try await upload.sendAll(file, blockSize: 256 << 10)
                #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            }
            _ = try await crowd.outcome.wait("five bytes of each") { $0.trickled >= 5 * count ? true : nil }
            let grown = try process.residentKiB() - memory
            print("a crowd of \(count) tricklers costs \(grown / count) KiB each")
            #expect(grown < count * 64)
            let answers = try await crowd.outcome.wait("the end of all", within: .seconds(60)) { outcome in
                outcome.open == 0 ? outcome.answers : nil
            }
            #expect(answers.count { $0.contains("408 Request Timeout") } == count / 2)
            #expect(answers.count { $0.contains("\"retCode\":\"11\"") } == count / 2)
            // Our own client keeps a few connections.
            try await process.settle(at: descriptors + 8)
        }
    }

    @Test func whoNeverReadsIsLeft() async throws {
        try await TestBed.run("minRateWindow=500ms") { bed in
            let process = try #require(bed.server.process)
            let upload = try await bed.server.register(file)
            // Many gaps make a long answer.
            for first in stride(from: 0, to: 300, by: 2) { try await upload.send(first...first, of: file) }
            let descriptors = try process.descriptors()
            let target = String(upload.blocksURL.dropFirst(bed.server.base.count))
            let socket = try RawSocket(port: bed.server.port, receiveBuffer: 4096)
            let requests = [UInt8](
                String(repeating: "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n", count: 100).utf8)
            #expect(try await socket.sendUntilRefused(requests, limit: 1 << 30) < 1 << 30)
            try await process.settle(at: descriptors)
            #expect(try await upload.missing().count == 150)
        }
    }
}
