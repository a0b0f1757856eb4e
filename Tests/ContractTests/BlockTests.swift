import Foundation
import Testing
import UploadTestSupport

/// Contract, "POST uploadUrl": what is taken.
@Suite(.contract)
struct BlockTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func partsMayComeInAnyOrder() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let orders = [
                ["startByte", "endByte", "partMd5", "file"], ["file", "startByte", "endByte", "partMd5"],
                ["partMd5", "file", "endByte", "startByte"], ["startByte", "endByte", "file", "partMd5"],
                ["endByte", "file", "startByte", "partMd5"],
            ]
            for (index, order) in orders.enumerated() {
                let range = index * 200...index * 200 + 199
                let parts = Form(block: range, file[range]).parts
                let ordered = order.compactMap { name in parts.first { $0.name == name } }
                let answer = try await HTTP.postForm(upload.uploadURL, Form(ordered))
                #expect(answer.retCode == "0", "\(order): \(answer.text)")
                #expect(range == ContractTests.range(answer.data))
            }
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    @Test func otherPartsAreIgnoredAndFileNeedsNoFileName() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let parts =
                [Form.Part("comment", "hello"), Form.Part("picture", [0, 13, 10, 45, 45], fileName: "p.png")]
                + Form(block: 0...999, file.bytes).parts.map { Form.Part($0.name, $0.bytes) }
                + [Form.Part("file2", "x"), Form.Part("File", "y")]
            #expect(try await HTTP.postForm(upload.uploadURL, Form(parts)).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func bytesThatLookLikeTheFormAreKept() async throws {
        try await TestBed.run { bed in
            let lookalike = Array("\r\n------test-boundary-7f3a9\r\n--\r\n-----test-boundary-7f3a9c\n\r\n\r\n--".utf8)
            let file = TestFile(lookalike + [0, 255, 13, 10] + lookalike)
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    @Test func blocksMayComeOutOfOrderInAnySizeInParallelAndTwice() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 3_000_000, seed: 7)
            let upload = try await bed.server.register(file)
            var random = SeededGenerator(seed: 7)
            var blocks: [ClosedRange<Int>] = []
            var start = 0
            while start < file.bytes.count {
                let end = min(start + Int.random(in: 1...150_000, using: &random), file.bytes.count) - 1
                blocks += [start...end] + (Int.random(in: 0..<3, using: &random) == 0 ? [start...end] : [])
                start = end + 1
            }
            blocks.shuffle(using: &random)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for block in blocks { group.addTask { try await upload.insist(on: block, of: file) } }
                try await group.waitForAll()
            }
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    @Test func anOverlapContributesOnlyWhatIsMissing() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            try await upload.send(100...199, of: file)
            try await upload.send(300...399, of: file)
            // Right bytes in the gaps, garbage over what is held, and the MD5 of exactly that.
            var bytes = file[0...499]
            for index in Array(100...199) + Array(300...399) { bytes[index] ^= 0xFF }
            let answer = try await HTTP.postForm(upload.uploadURL, Form(block: 0...499, bytes))
            #expect(answer.retCode == "0", "\(answer.text)")
            #expect(try await upload.missing() == [500...999])
            let garbage = [UInt8](repeating: 0xAA, count: 500)
            #expect(try await HTTP.postForm(upload.uploadURL, Form(block: 0...499, garbage)).retCode == "0")
            #expect(try await upload.send(500...999, of: file).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    @Test func aBlockHeldAlreadyAnswersZero() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            for _ in 0..<3 { #expect(try await upload.send(0...99, of: file).retCode == "0") }
            #expect(try await upload.send(10...20, of: file).retCode == "0")
            #expect(try await upload.info()["receivedSize"].integer == 100)
            #expect(try await upload.send(900...999, of: file).retCode == "1")
            #expect(try await upload.send(900...999, of: file).retCode == "0", "re-sent")
        }
    }

    @Test func theLastByteMakesTheServerAskForWhatIsMissing() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            #expect(try await upload.send(200...299, of: file).retCode == "0")
            let last = try await upload.send(900...999, of: file)
            #expect(last.retCode == "1")
            #expect(range(last.data) == 0...199)
            #expect(last.data.expectBlocks == [0...199, 300...899])
            let more = try await upload.send(0...199, of: file)
            #expect(more.retCode == "1")
            #expect(range(more.data) == 300...899)
            #expect(more.data.expectBlocks == [300...899])
            let complete = try await upload.send(300...899, of: file)
            #expect(complete.retCode == "0", "\(complete.text)")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func atMostAThousandRangesAreListed() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 2203, seed: 1)
            let upload = try await bed.server.register(file)
            // As many as the client has connections: those that wait for one give up after a while.
            for start in stride(from: 0, to: 1100, by: 50) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in start..<start + 50 {
                        group.addTask { try await upload.send(index * 2 + 1...index * 2 + 1, of: file) }
                    }
                    try await group.waitForAll()
                }
            }
            let answer = try await upload.send(2202...2202, of: file)
            #expect(answer.retCode == "1")
            #expect(answer.data.expectBlocks.count == 1000)
            #expect(answer.data.expectBlocks.first == 0...0)
            #expect(try await upload.missing().count == 1101)
        }
    }

    @Test func chunkedTransferEncodingWorks() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...999, file.bytes)
            #expect(try await HTTP.postForm(upload.uploadURL, form, chunked: true).retCode == "0")
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    @Test func expectContinueIsAnswered() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...999, file.bytes)
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                """
                POST \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r
                Content-Type: \(form.contentType)\r\nContent-Length: \(form.bytes.count)\r\n\r\n
                """)
            #expect(try await socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
            try await socket.send(form.bytes)
            #expect(try await socket.readAnswer().retCode == "0")
        }
    }
}
