import Foundation
import Testing
import UploadTestSupport

/// Connections that end at any byte: what did not come completely did not happen, and nothing stays behind.
///
/// `NETWORK_TROUBLE=full` sweeps a request of several packets too, and doubles the crowd.
@Suite(.contract, .serialized)
struct NetworkTroubleTests {
    enum End: CaseIterable {
        case reset, halfClose
    }

    static let isFull = ProcessInfo.processInfo.environment["NETWORK_TROUBLE"] == "full"

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
            let before = try await process.restingDescriptors()
            let body = NewTask(file).json
            let request = Array((RawRequest.json("/api/upload/new/task", length: body.utf8.count) + body).utf8)
            let acknowledged = try await Self.cut(bed, request.count, end) { Array(request[..<$0]) }
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

    /// A head that trickles, a body that nobody wants, answers that nobody reads: none of them keeps the server.
    @Test func theServerStopsInTheMiddleOfIt() async throws {
        try await TestBed.run("shutdownTimeout=2s") { bed in
            let file = TestFile(size: 1000, seed: 1)
            let upload = try await bed.server.register(file)
            for first in stride(from: 0, to: 300, by: 2) { try await upload.send(first...first, of: file) }
            let head = try RawSocket(port: bed.server.port)
            try await head.send("GET / HT")
            let unwanted = try RawSocket(port: bed.server.port)
            try await unwanted.send(
                "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n")
            #expect(try await unwanted.readAnswer().status == 404)
            let body = try await StalledBlock.begin(upload, Form(block: 500...999, file[500...999]), sending: 0.5)
            let deaf = try RawSocket(port: bed.server.port, receiveBuffer: 4096)
            let request = "GET \(upload.blocksURL.dropFirst(bed.server.base.count)) HTTP/1.1\r\nHost: x\r\n\r\n"
            try await deaf.send(String(repeating: request, count: 1000))
            #expect(try await bed.server.terminate(within: .seconds(20)) == .code(0))
            withExtendedLifetime((head, unwanted, body, deaf)) {}
            try await bed.server.start()
            #expect(try await upload.missing().count == 150)
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
        let target = upload.uploadTarget
        let length = request(blockSize, blocks - 1, file, target).count
        try #require(length / step < blocks)
        let before = try await process.restingDescriptors()
        let acknowledged = try await cut(bed, length / step + 1, end) { index in
            Array(request(blockSize, index, file, target).prefix(index * step))
        }
        let isWhole = acknowledged.indices.map { $0 * step >= request(blockSize, $0, file, target).count }
        for index in acknowledged.indices where acknowledged[index] {
            #expect(isWhole[index], "\(index * step) bytes of block \(index)")
        }
        try await process.settle(at: before)
        let rows = try await bed.server.sqlite("SELECT start_byte FROM blocks WHERE task_id = \(upload.id)")
        let stored = Set(rows.split(separator: "\n").compactMap { Int($0).map { $0 / blockSize } })
        for index in stored {
            // Nobody is told of one that is reset.
            #expect(end == .reset ? isWhole[index] : acknowledged[index], "block \(index) was cut, and is stored")
        }
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

    /// Sends the beginnings of requests, each on a connection of its own, and ends these: by a reset only when the server
    /// has read all that came, for what it has not read is lost then.
    ///
    /// - Returns: which of them were acknowledged; of those that are reset, none.
    private static func cut(
        _ bed: TestBed, _ count: Int, _ end: End, _ beginning: @escaping @Sendable (Int) -> [UInt8]
    ) async throws -> [Bool] {
        let port = bed.server.port
        guard end == .reset else {
            return try await inParallel(count) { index in
                let socket = try RawSocket(port: port)
                try await socket.send(beginning(index))
                socket.halfClose()
                let text = try await socket.readToEnd()
                return text.contains("\"retCode\":\"0\"") || text.contains("\"retCode\":\"1\"")
            }
        }
        for first in stride(from: 0, to: count, by: 16) {
            var sockets: [RawSocket] = []
            for index in first..<min(first + 16, count) {
                let socket = try RawSocket(port: port)
                try await socket.send(beginning(index))
                sockets.append(socket)
            }
            try await RawSocket.waitUntilRead(sockets)
            for socket in sockets { socket.reset() }
        }
        return Array(repeating: false, count: count)
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
