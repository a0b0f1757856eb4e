import Foundation
import Testing
import UploadTestSupport

/// `Expect: 100-continue` (RFC 9110, section 10.1.1): the body is asked for when it is wanted, and only then.
@Suite(.contract)
struct ExpectTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func theBodyIsAskedForAtOnce() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let socket = try RawSocket(port: bed.server.port)
            for range in [0...499, 500...999] {
                let form = Form(block: range, file[range])
                try await socket.send(RawRequest.head(upload.uploadTarget, form, "Expect: 100-Continue"))
                #expect(try await socket.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await socket.send(form.bytes)
                #expect(try await socket.readAnswer().retCode == "0")
            }
            let task = NewTask(file, name: "other").json
            try await socket.send(
                RawRequest.json("/api/upload/new/task", length: task.utf8.count, "Expect: 100-continue"))
            #expect(try await socket.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await socket.send(task)
            #expect(try await socket.readAnswer().retCode == "0")
        }
    }

    /// Whoever does not wait for it needs none.
    @Test func aBodyThatComesWithTheHeadIsAnswered() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...999, file.bytes)
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                RawRequest.whole(upload.uploadTarget, form, "Expect: 100-continue"))
            var answer = try await socket.readAnswer()
            if answer.status == 100 { answer = try await socket.readAnswer() }
            #expect(answer.retCode == "0")
        }
    }

    @Test func whoIsRefusedIsNotAskedForTheBody() async throws {
        try await TestBed.run("maxBlockSize=1000", "maxRequestBody=2KiB") { bed in
            let (open, paused) = (try await bed.server.register(file), try await bed.server.register(file, name: "p"))
            let closed = try await bed.server.register(file, name: "c")
            try await paused.change(to: "pause")
            try await closed.change(to: "cancel")
            let form = Form(block: 0...999, file.bytes)
            let expect = "Expect: 100-continue"
            let huge = "POST \(open.uploadTarget) HTTP/1.1\r\nHost: x\r\nContent-Type: \(form.contentType)\r\n"
            let cases: [(String, Int, String)] = [
                (RawRequest.head("/api/upload/files/block?taskId=1&key=x", form, expect), 200, "2"),
                (RawRequest.head(open.uploadTarget + "x", form, expect), 200, "2"),
                (RawRequest.head(paused.uploadTarget, form, expect), 200, "4"),
                (RawRequest.head(closed.uploadTarget, form, expect), 200, "9"),
                (RawRequest.head("/nothing", form, expect), 404, "6"),
                (RawRequest.head("/api/upload/files/blocks/info", form, expect), 405, "6"),
                (RawRequest.json(open.uploadTarget, length: 100, expect), 200, "6"),
                (huge + "Content-Length: 10000000000\r\n\(expect)\r\n\r\n", 413, "10"),
                (RawRequest.json("/api/upload/new/task", length: 5000, expect), 413, "10"),
                (RawRequest.head(open.uploadTarget, form, "Expect: a-miracle"), 417, "6"),
            ]
            for (request, status, retCode) in cases {
                let socket = try RawSocket(port: bed.server.port)
                try await socket.send(request)
                let answer = try await socket.readAnswer()
                #expect((answer.status, answer.retCode) == (status, retCode), "\(request)\n\(answer.text)")
                #expect(answer.headers["connection"] == "close")
                #expect(try await socket.readToEnd() == "")
            }
            #expect(try await open.missing() == [0...999])
        }
    }

    /// curl waits for it as long as it is told to.
    @Test func curlIsServed() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 3_000_000, seed: 2)
            let upload = try await bed.server.register(file)
            let path = bed.folder + "/block"
            try Data(file.bytes).write(to: URL(fileURLWithPath: path))
            let curl = bed.own(
                try ProgramProcess(
                    "curl",
                    [
                        "-sS", "--expect100-timeout", "600", "--max-time", "60", "-H", "Expect: 100-continue",
                        "-F", "startByte=0", "-F", "endByte=2999999", "-F", "partMd5=\(file.md5)", "-F",
                        "file=@\(path)",
                        upload.uploadURL,
                    ]))
            #expect(try await curl.waitForExit(within: .seconds(70)) == .code(0), "\(curl.output.value.errorText)")
            #expect(curl.output.value.text.contains("\"retCode\":\"0\""), "\(curl.output.value.text)")
        }
    }
}

/// Heads of requests, as text.
enum RawRequest {
    /// POST of a form.
    static func head(_ target: String, _ form: Form, _ fields: String...) -> String {
        head(target, form, fields)
    }

    private static func head(_ target: String, _ form: Form, _ fields: [String]) -> String {
        let lines =
            ["POST \(target) HTTP/1.1", "Host: x", "Content-Type: \(form.contentType)"]
            + ["Content-Length: \(form.bytes.count)"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// The same with the body.
    static func whole(_ target: String, _ form: Form, _ fields: String...) -> [UInt8] {
        Array(head(target, form, fields).utf8) + form.bytes
    }

    /// POST of JSON.
    static func json(_ target: String, length: Int, _ fields: String...) -> String {
        let lines =
            ["POST \(target) HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: \(length)"]
            + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}
