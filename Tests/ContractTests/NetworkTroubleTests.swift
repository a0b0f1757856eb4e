import Foundation
import Testing
import UploadTestSupport

/// Connections that end at any byte: what did not come completely did not happen, and nothing stays behind.
///
/// `NETWORK_TROUBLE=full` sweeps a request of several packets too.
@Suite(.contract, .serialized)
struct NetworkTroubleTests {
    enum End: CaseIterable {
        case reset, halfClose
    }

    private static let isFull = ProcessInfo.processInfo.environment["NETWORK_TROUBLE"] == "full"

    @Test(arguments: End.allCases)
    func aBlockCutAtEveryByteLeavesNoTrace(end: End) async throws {
        try await TestBed.run { bed in
            try await Self.sweepBlocks(bed, blockSize: 20, step: 1, end: end)
            if Self.isFull { try await Self.sweepBlocks(bed, blockSize: 150_000, step: 97, end: end) }
        }
    }

    @Test(arguments: End.allCases)
    func aRegistrationCutAtEveryByteLeavesNoTrace(end: End) async throws {
        try await TestBed.run { bed in
            let process = try #require(bed.server.process)
            let file = TestFile(size: 10, seed: 1)
            _ = try await bed.server.register(file, name: "before")
            let before = try process.descriptors()
            let body = NewTask(file).json
            let request = Array((RawRequest.json("/api/upload/new/task", length: body.utf8.count) + body).utf8)
            let acknowledged = try await Self.inParallel(request.count) { position in
                try await Self.cut(bed, request, at: position, end)
            }
            #expect(!acknowledged.contains(true))
            try await process.settle(at: before)
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "1")
            _ = try await bed.server.register(file)
        }
    }

    @Test func aHalfCloseAfterACompleteRequestIsAnswered() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 100, seed: 1)
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...99, file.bytes)
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(RawRequest.whole(upload.uploadTarget, form))
            socket.halfClose()
            #expect(try await socket.readAnswer().retCode == "0")
            #expect(try await socket.readToEnd() == "")
        }
    }

    /// Without a length, only the last chunk tells that all has come.
    @Test func aChunkedBlockWithoutItsLastChunkLeavesNoTrace() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 100, seed: 1)
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...99, file.bytes)
            let head =
                "POST \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\nContent-Type: \(form.contentType)\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n\(String(form.bytes.count, radix: 16))\r\n"
            for rest in ["", "\r\n", "\r\n0", "\r\n0\r\n"] {
                let socket = try RawSocket(port: bed.server.port)
                try await socket.send(Array(head.utf8) + form.bytes + Array(rest.utf8))
                socket.halfClose()
                #expect(try await socket.readAnswer().retCode == "8")
                #expect(try await upload.missing() == [0...99])
            }
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(Array(head.utf8) + form.bytes + Array("\r\n0\r\n\r\n".utf8))
            #expect(try await socket.readAnswer().retCode == "0")
        }
    }

    // MARK: Sweeps

    /// Each position has a range of its own, so that the requests don't take it from one another.
    private static func sweepBlocks(_ bed: TestBed, blockSize: Int, step: Int, end: End) async throws {
        let process = try #require(bed.server.process)
        // Room for the head and the other parts.
        let blocks = (blockSize + 1000) / step
        let file = TestFile(size: blockSize * blocks, seed: 7)
        let upload = try await bed.server.register(file, name: "swept-\(blockSize)")
        let length = request(blockSize, blocks - 1, file, upload.uploadTarget).count
        try #require(length / step < blocks)
        let before = try process.descriptors()
        let acknowledged = try await inParallel(length / step + 1) { index in
            let request = request(blockSize, index, file, upload.uploadTarget)
            let position = min(index * step, request.count)
            let isAcknowledged = try await cut(bed, request, at: position, end)
            #expect(!isAcknowledged || position == request.count, "\(position) of \(request.count) bytes")
            // Nobody is told of one that is reset.
            return isAcknowledged || (end == .reset && position == request.count)
        }
        try await process.settle(at: before)
        let rows = try await bed.server.sqlite("SELECT start_byte FROM blocks WHERE task_id = \(upload.id)")
        let stored = Set(rows.split(separator: "\n").compactMap { Int($0).map { $0 / blockSize } })
        for index in stored { #expect(acknowledged[index], "block \(index) was cut, and is stored") }
        if end == .halfClose { #expect(stored.count == acknowledged.count { $0 }) }
        // Nobody claims anything any more, and all of it arrives.
        let answers = try await inParallel(blocks) { index in
            try await upload.send(index * blockSize...(index + 1) * blockSize - 1, of: file).retCode
        }
        #expect(answers.allSatisfy { $0 == "0" || $0 == "1" })
        #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
    }

    private static func request(_ size: Int, _ index: Int, _ file: TestFile, _ target: String) -> [UInt8] {
        let range = index * size...(index + 1) * size - 1
        let form = Form(block: range, file[range])
        return RawRequest.whole(target, form)
    }

    /// Sends the first bytes of a request and ends the connection.
    ///
    /// - Returns: whether it was acknowledged.
    private static func cut(_ bed: TestBed, _ request: [UInt8], at position: Int, _ end: End) async throws -> Bool {
        let socket = try RawSocket(port: bed.server.port)
        try await socket.send(Array(request[..<position]))
        switch end {
        case .reset:
            socket.reset()
            return false
        case .halfClose:
            socket.halfClose()
            let text = try await socket.readToEnd()
            return text.contains("\"retCode\":\"0\"") || text.contains("\"retCode\":\"1\"")
        }
    }

    private static func inParallel<Result: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results: [Int: Result] = [:]
            for index in 0..<count {
                if index >= 16, let (done, result) = try await group.next() { results[done] = result }
                group.addTask { (index, try await body(index)) }
            }
            for try await (done, result) in group { results[done] = result }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
