import Foundation
import Testing
import UploadTestSupport

/// Senders that trickle or stop: given up after the configured time, without a trace, and to nobody's cost.
@Suite(.contract)
struct SlowSenderTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test(arguments: ["G", "GET / HTTP/1.1\r\nHost: x\r\nA: "])
    func aHeadThatDoesNotComeIs408(beginning: String) async throws {
        try await TestBed.run("headerTimeout=3s") { bed in
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

    /// A client's spare connection: what it sends on it at that moment must not be answered by what was said before.
    @Test(arguments: ["", "\r\n"])
    func aConnectionOnWhichNothingBeginsIsClosedWithoutAWord(beginning: String) async throws {
        try await TestBed.run("headerTimeout=1s") { bed in
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(beginning)
            #expect(try await socket.readToEnd() == "")
        }
    }

    @Test func aBodyThatTricklesIsGivenUp() async throws {
        try await TestBed.run("minRate=1KiB", "minRateWindow=3s") { bed in
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
        try await TestBed.run("minRate=100", "minRateWindow=5s") { bed in
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
                try await Task.sleep(for: .milliseconds(300))
            }
            #expect(try await socket.readAnswer().retCode == "0")
        }
    }

    @Test func withoutARateNothingIsGivenUp() async throws {
        try await TestBed.run("minRate=0", "minRateWindow=300ms", "headerTimeout=3s") { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...999, file.bytes)
            let stalled = try await StalledBlock.begin(upload, form, sending: 0.5)
            // Ten windows, told by the other limit.
            let slow = try RawSocket(port: bed.server.port)
            try await slow.send("G")
            #expect(try await slow.readAnswer().status == 408)
            try await stalled.send(Array(form.bytes.dropFirst(form.bytes.count / 2)))
            #expect(try await stalled.readAnswer().retCode == "0")
        }
    }

    /// What waits for another request to be acknowledged is not waited for.
    @Test func aBlockThatHasToWaitIsNotBlamed() async throws {
        try await TestBed.runWithShim("minRate=16KiB", "minRateWindow=2s") { bed, shim in
            let file = TestFile(size: 8_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            let request = RawRequest.whole(upload.uploadTarget, Form(block: 0...7_999_999, file.bytes))
            let hold = try shim.hold(.sync, path: ".part")
            let first = try RawSocket(port: bed.server.port)
            try await first.send(request)
            try await hold.waitUntilHeld()
            let second = try RawSocket(port: bed.server.port)
            async let sending: Void = second.send(request)
            _ = try await eventually("the second to have begun") {
                try second.bytesUnreadByServer() ?? 0 > 0 ? true : nil
            }
            // Others are blamed meanwhile, one after the other: a window each.
            for _ in 0..<2 {
                let idle = try RawSocket(port: bed.server.port)
                try await idle.send(RawRequest.json("/api/upload/new/task", length: 100) + "{")
                #expect(try await idle.readAnswer().retCode == "11")
            }
            #expect(try second.bytesUnreadByServer() ?? 0 > 0, "it does wait")
            #expect(try second.unreadBytes() == 0, "and has no answer")
            hold.remove()
            #expect(try await first.readAnswer().retCode == "0")
            try await sending
            // Held already, or finished by now.
            #expect(["0", "9"].contains(try await second.readAnswer().retCode))
        }
    }

    @Test func whoNeverReadsIsLeft() async throws {
        try await TestBed.run("minRate=256KiB", "minRateWindow=3s") { bed in
            let process = try #require(bed.server.process)
            let upload = try await bed.server.register(file)
            // Many gaps make a long answer.
            for first in stride(from: 0, to: 300, by: 2) { try await upload.send(first...first, of: file) }
            let descriptors = try await process.restingDescriptors()
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
