import Foundation
import Testing
import UploadTestSupport

/// The whole file's MD5 is computed while its blocks come, and kept with them.
@Suite(.contract)
struct RunningHashTests {
    private static let block = 1 << 20
    private let file = TestFile(size: 24 * block, seed: 11)

    private func range(_ index: Int) -> ClosedRange<Int> {
        index * Self.block...(index + 1) * Self.block - 1
    }

    private func hashedBytes(_ bed: TestBed) async throws -> Int {
        try #require(Int(try await bed.server.sqlite("SELECT hashed_bytes FROM tasks")))
    }

    /// All blocks but the last one, and half of the file at least hashed.
    private func sendAllButTheLast(_ bed: TestBed) async throws -> UploadHandle {
        let upload = try await bed.server.register(file)
        for index in 0..<23 { try await upload.send(range(index), of: file) }
        // It is written down with the next block; one that is held already writes nothing.
        #expect(try await hashedBytes(bed) >= file.bytes.count / 2)
        return upload
    }

    @Test func aRestartReadsNothingAgain() async throws {
        try await TestBed.run { bed in
            let upload = try await sendAllButTheLast(bed)
            try await bed.server.kill()
            try await bed.server.start()
            let hashed = try await hashedBytes(bed)
            let process = try #require(bed.server.process)
            let before = try process.bytesRead()
            try await upload.send(range(23), of: file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
            // The block itself, and what was not hashed; SQLite reads a few pages too.
            let read = try process.bytesRead() - before
            #expect(read < Self.block + file.bytes.count - hashed + (1 << 20), "\(read) bytes, \(hashed) were hashed")
        }
    }

    @Test func bytesThatAreLostAreHashedAnew() async throws {
        try await TestBed.run { bed in
            let upload = try await sendAllButTheLast(bed)
            for staged in bed.server.stagingFiles() {
                try FileManager.default.removeItem(atPath: bed.server.tmpDirectory + "/" + staged)
            }
            #expect(try await upload.send(range(23), of: file).retCode == "11")
            #expect(try await hashedBytes(bed) == 0)
            try await upload.sendAll(file, blockSize: Self.block)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// The bytes decide, and somebody hears of it.
    @Test func aStateThatIsWrongFailsNoFile() async throws {
        try await TestBed.run { bed in
            let upload = try await sendAllButTheLast(bed)
            try await bed.server.kill()
            _ = try await bed.server.sqlite("UPDATE tasks SET hash_state = '0123456789abcdef0123456789abcdef'")
            try await bed.server.start()
            try await upload.send(range(23), of: file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
            #expect(try bed.server.logText().contains("the MD5 computed while a file arrived is not that of its bytes"))
        }
    }
}
