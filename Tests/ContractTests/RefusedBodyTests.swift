import Foundation
import Testing
import UploadTestSupport

/// Bodies that nobody wants: answered at once, read to a bound, and the answer arrives.
@Suite(.contract)
struct RefusedBodyTests {
    private let file = TestFile(size: 1000, seed: 1)
    private let megabyte = [UInt8](repeating: 0x78, count: 1 << 20)

    @Test(arguments: [false, true])
    func tenGigabytesAreNotRead(chunked: Bool) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.change(to: "cancel")
            let socket = try RawSocket(port: bed.server.port)
            let length = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 10000000000"
            try await socket.send(
                "POST \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                    + length + "\r\n\r\n")
            let answer = try await socket.readAnswer()
            #expect((answer.retCode, answer.headers["connection"]) == ("9", "close"))
            // What the server throws away, and what lies in the buffers of both kernels.
            let sent = try await socket.sendUntilRefused(megabyte, limit: 1 << 30)
            #expect(sent < 200 << 20, "\(sent)")
        }
    }

    /// Who has the answer, and then neither sends the rest nor closes, is not waited for.
    @Test(arguments: [0, 1 << 20])
    func whoStaysInSilenceAfterTheAnswerIsLeft(sending count: Int) async throws {
        try await TestBed.run { bed in
            let process = try #require(bed.server.process)
            let upload = try await bed.server.register(file)
            try await upload.change(to: "pause")
            let descriptors = try await process.restingDescriptors()
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send("POST \(upload.uploadTarget) HTTP/1.1\r\n")
            _ = try await eventually("the connection to be open") {
                try process.descriptors() > descriptors ? true : nil
            }
            let rest =
                "Host: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000000000\r\n\r\n"
            try await socket.send(Array(rest.utf8) + megabyte.prefix(count))
            let answer = try await socket.readAnswer()
            #expect((answer.retCode, answer.headers["connection"]) == ("4", "close"))
            // The server ends its side, and after a while the rest, though ours stays open.
            #expect(try await socket.readToEnd() == "")
            try await process.settle(at: descriptors)
            withExtendedLifetime(socket) {}
        }
    }

    @Test func whoReadsOnlyAfterSendingGetsTheAnswer() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.change(to: "pause")
            for _ in 0..<5 {
                let form = Form([Form.Part("file", [UInt8](repeating: 0x78, count: 8 << 20), fileName: "b")])
                let socket = try RawSocket(port: bed.server.port)
                try await socket.send(RawRequest.whole(upload.uploadTarget, form))
                let answer = try await socket.readAnswer()
                #expect((answer.retCode, answer.headers["connection"]) == ("4", "close"))
                // No reset: the end comes in order.
                #expect(try await socket.readToEnd() == "")
            }
        }
    }

    @Test func aSmallOneCostsNoConnection() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.change(to: "pause")
            let form = Form(block: 0...999, file.bytes)
            let socket = try RawSocket(port: bed.server.port)
            // The rest comes after the answer.
            try await socket.send(RawRequest.head(upload.uploadTarget, form))
            #expect(try await socket.readAnswer().retCode == "4")
            try await socket.send(form.bytes)
            // All of it comes at once.
            try await socket.send(RawRequest.whole(upload.uploadTarget, form))
            let second = try await socket.readAnswer()
            #expect((second.retCode, second.headers["connection"]) == ("4", nil))
            try await upload.change(to: "upload")
            try await socket.send(RawRequest.whole(upload.uploadTarget, form))
            #expect(try await socket.readAnswer().retCode == "0")
        }
    }

    @Test func aJSONBodyBeyondTheLimitIsNotRead() async throws {
        try await TestBed.run("maxRequestBody=1MiB") { bed in
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                "POST /api/upload/new/task HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n")
            let sent = try await socket.sendUntilRefused(megabyte, limit: 1 << 30)
            #expect(sent < 200 << 20, "\(sent)")
            #expect(try await HTTP.get(bed.server.base + "/nothing").status == 404)
        }
    }

    /// What comes behind a body that is not read could be anything.
    @Test func aRequestBehindAnUnreadBodyIsNotExecuted() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.change(to: "cancel")
            let form = Form([Form.Part("file", [UInt8](repeating: 0x78, count: 300_000), fileName: "b")])
            let task = NewTask(file, name: "behind").json
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(Array(RawRequest.head(upload.uploadTarget, form).utf8))
            #expect(try await socket.readAnswer().retCode == "9")
            try await socket.send(
                form.bytes + Array((RawRequest.json("/api/upload/new/task", length: task.utf8.count) + task).utf8))
            #expect(try await socket.readToEnd() == "")
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "1")
        }
    }
}
