import Foundation
import Testing
import UploadTestSupport

/// Contract, "POST uploadUrl": what is refused leaves no trace.
@Suite(.contract)
struct BlockRefusalTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func aWrongMD5LeavesNoTrace() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            let parts = Form(block: 50...149, file[50...149], md5: file.md5).parts
            for form in [Form(parts), Form(parts.reversed())] {
                let answer = try await HTTP.postForm(upload.uploadURL, form)
                #expect(answer.retCode == "7", "\(answer.text)")
                #expect(try await upload.missing() == [100...999])
                #expect(try await upload.info()["receivedSize"].integer == 100)
            }
            #expect(try await upload.send(100...999, of: file).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func partMd5OfEitherCaseIsVerified() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let md5 = TestFile.md5(file[0...99]).uppercased()
            #expect(
                try await HTTP.postForm(upload.uploadURL, Form(block: 0...99, file[0...99], md5: md5)).retCode == "0")
        }
    }

    @Test func partMd5IsNeitherNeededNorVerifiedWhenTheCheckIsOff() async throws {
        try await TestBed.run("checkTmpMd5=false") { bed in
            let upload = try await bed.server.register(file)
            let without = Form(Form(block: 0...499, file[0...499]).parts.filter { $0.name != "partMd5" })
            #expect(try await HTTP.postForm(upload.uploadURL, without).retCode == "0")
            let wrong = Form(block: 500...999, file[500...999], md5: file.md5)
            #expect(try await HTTP.postForm(upload.uploadURL, wrong).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func wrongRangesAreRefused() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let cases: [(String, Int, Int, [UInt8])] = [
                ("start > end", 10, 9, file[9...10]), ("start > end, empty", 10, 9, []),
                ("end = fileSize", 990, 1000, file[989...999]), ("end > fileSize", 0, 5000, file.bytes),
                ("shorter", 0, 99, file[0...98]), ("empty", 0, 99, []), ("longer", 0, 99, file[0...100]),
                ("much longer", 0, 9, TestFile(size: 400_000, seed: 3).bytes),
                // The original's client ends a file whose size is a multiple of the block size with such a block.
                ("the original client's last block", 1000, 999, []),
            ]
            for (what, start, end, bytes) in cases {
                let parts = [
                    Form.Part("startByte", String(start)), Form.Part("endByte", String(end)),
                    Form.Part("partMd5", TestFile.md5(bytes)), Form.Part("file", bytes, fileName: "b"),
                ]
                for form in [Form(parts), Form(parts.reversed())] {
                    let answer = try await HTTP.postForm(upload.uploadURL, form)
                    #expect(answer.retCode == "8", "\(what): \(answer.text)")
                    #expect(answer.status == 200)
                }
            }
            #expect(try await upload.missing() == [0...999])
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    /// 64 KiB of them are put up with, in parts and after the form, with and without a length that is announced.
    @Test(arguments: [false, true]) func bytesThatMeanNothingAreRefusedWhenTheyAreMany(chunked: Bool) async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let parts = Form(block: 0...99, file[0...99]).parts
            func filler(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x78, count: count) }
            func send(inParts count: Int, after epilogue: Int) async throws -> HTTPAnswer {
                let ignored = [Form.Part("one", filler(count / 2)), Form.Part("two", filler(count - count / 2))]
                let form = Form(ignored + parts)
                return try await HTTP.send(
                    "POST", upload.uploadURL, headers: ["Content-Type": form.contentType],
                    // The form ends with a line end, which is after it already.
                    body: form.bytes.dropLast(2) + filler(epilogue), chunked: chunked)
            }
            for (count, epilogue) in [(1 << 20 + 1, 0), (0, 65_537), (3 << 20, 0), (0, 300_000)] {
                let answer = try await send(inParts: count, after: epilogue)
                #expect(answer.retCode == "6" && answer.sentence.hasPrefix("body "), "\(answer.text)")
                #expect(answer.status == 200)
                #expect(try await upload.missing() == [0...999])
            }
            #expect(try await send(inParts: 1 << 20, after: 65_536).retCode == "0")
            #expect(try await upload.missing() == [100...999])
        }
    }

    @Test func unknownTasksAndWrongKeysAreRefused() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let key = try #require(upload.given.upload.components(separatedBy: "key=").last)
            let url = bed.server.base + "/api/upload/files/block"
            let task = "?taskId=\(upload.id)"
            for query in [
                task, task + "&key=", task + "&key=x\(key)", task + "&key=\(key.dropLast())", "?taskId=7&key=\(key)",
            ] {
                let answer = try await HTTP.postForm(url + query, Form(block: 0...99, file[0...99]))
                #expect(answer.retCode == "2", "\(query): \(answer.text)")
            }
            #expect(try await upload.missing() == [0...999])
        }
    }

    @Test(arguments: ["close", "half-close", "reset"])
    func aCutConnectionLeavesNoTrace(how: String) async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 2_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            let good = Form(block: 0...999_999, file[0...999_999]).parts
            for parts in [good, good.reversed()] {
                var socket: RawSocket? = try await StalledBlock.begin(upload, Form(parts), sending: 0.7)
                switch how {
                case "half-close": socket?.halfClose()
                case "reset": socket?.reset()
                default: break
                }
                if how == "half-close" { _ = try await socket?.read(until: "}") }
                socket = nil
            }
            #expect(try await upload.missing() == [100...1_999_999])
            #expect(try await upload.info()["receivedSize"].integer == 100)
            try await upload.sendAll(file, blockSize: 1 << 20)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    @Test func aSecondRequestTakesOverARangeInFlight() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 2_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            let stalled = try await StalledBlock.begin(
                upload, Form(block: 0...999_999, file[0...999_999]), sending: 0.5)
            _ = try await eventually("the range to be claimed") { bed.server.stagingFiles().isEmpty ? nil : true }
            // The older one is still waiting to be continued, so this does not wait for it.
            let newer = try await upload.send(0...999_999, of: file)
            #expect(newer.retCode == "0", "\(newer.text)")
            #expect(try await upload.missing() == [1_000_000...1_999_999])
            // Where the answer still arrives (bytes under way may turn the close into a reset), it says why.
            if let cut = try? await stalled.readAnswer() {
                #expect((cut.status, cut.retCode) == (503, "11"))
                #expect(cut.headers["retry-after"] != nil)
            }
            let last = try await upload.send(1_000_000...1_999_999, of: file)
            #expect(last.retCode == "0", "\(last.text)")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func manyStalledRequestsHoldUpNobody() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 4_000_000, seed: 1)
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...1_999_999, file[0...1_999_999])
            var stalled: [RawSocket] = []
            for _ in 0..<30 { stalled.append(try await StalledBlock.begin(upload, form, sending: 0.02)) }
            // A stalled request may reach the server after the first of these, and is the newer one then.
            for range in file.blocks(of: 500_000) { try await upload.insist(on: range, of: file) }
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            withExtendedLifetime(stalled) {}
        }
    }
}

/// A block of which only the first part is sent.
enum StalledBlock {
    /// Sends the head and a part of the body, and leaves the connection open.
    static func begin(_ upload: UploadHandle, _ form: Form, sending share: Double) async throws -> RawSocket {
        let body = form.bytes
        let socket = try RawSocket(port: upload.server.port)
        try await socket.send(
            "POST \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\nContent-Type: \(form.contentType)\r\n"
                + "Content-Length: \(body.count)\r\n\r\n")
        try await socket.send(Array(body.prefix(Int(Double(body.count) * share))))
        return socket
    }
}
