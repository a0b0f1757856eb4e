import GRDB
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// How far a file's MD5 has come, beside the blocks that it was computed from.
@Suite(.timeLimit(.minutes(1))) struct FileHashTests {
    private let fixture: DatabaseFixture
    private let text = "0123456789abcdeffedcba9876543210"

    init() throws {
        fixture = try DatabaseFixture()
    }

    private func commit(
        _ range: ByteRange, to task: UploadTask, hash: FileHashState?
    ) async throws -> CommittedBlock {
        try await fixture.repository.commit(
            ReceivedBlock(taskID: task.id, pieces: [Block(range: range, md5: md5([]))], hash: hash))
    }

    private func hash(of task: UploadTask) async throws -> FileHashState? {
        try await fixture.repository.taskWithRanges(task.id)?.hash
    }

    @Test func itIsPutDownWithABlock() async throws {
        let task = try await fixture.register(size: 1000)
        #expect(try await hash(of: task) == FileHashState(round: 0))
        _ = try await commit(range(0, 99), to: task, hash: nil)
        #expect(try await hash(of: task) == FileHashState(round: 0))
        let reached = FileHashState(round: 0, bytes: 64, text: text)
        _ = try await commit(range(100, 199), to: task, hash: reached)
        #expect(try await hash(of: task) == reached)
        // One that begins anew takes it back.
        _ = try await commit(range(200, 299), to: task, hash: FileHashState(round: 0))
        #expect(try await hash(of: task) == FileHashState(round: 0))
    }

    @Test func lostBytesMakeItWorthless() async throws {
        let task = try await fixture.register(size: 1000)
        let reached = FileHashState(round: 0, bytes: 64, text: text)
        _ = try await commit(range(0, 99), to: task, hash: nil)
        _ = try await commit(range(200, 299), to: task, hash: reached)
        _ = try await fixture.repository.discardBlocks(of: task.id, keepingBytesBelow: 100, reason: "gone")
        let anew = FileHashState(round: 1)
        #expect(try await hash(of: task) == anew)
        // A block that was under way knew of the old bytes only.
        _ = try await commit(range(300, 399), to: task, hash: reached)
        #expect(try await hash(of: task) == anew)
        let later = FileHashState(round: 1, bytes: 128, text: text)
        _ = try await commit(range(100, 199), to: task, hash: later)
        #expect(try await hash(of: task) == later)
    }

    @Test(arguments: [
        (128, "'0123456789abcdeffedcba9876543210'"), (32, "'0123456789abcdeffedcba9876543210'"), (64, "NULL"),
        (64, "'0123456789ABCDEFfedcba9876543210'"), (64, "'0123'"), (0, "'0123456789abcdeffedcba9876543210'"),
        (-64, "'0123456789abcdeffedcba9876543210'"),
    ]) func theSchemaRefusesWhatCanNotBe(bytes: Int, state: String) async throws {
        let task = try await fixture.register(size: 1000)
        _ = try await commit(range(0, 99), to: task, hash: nil)
        let error = await #expect(throws: DatabaseError.self) {
            try await fixture.database.pool.write { db in
                try db.execute(
                    sql: "UPDATE tasks SET hashed_bytes = \(bytes), hash_state = \(state) WHERE id = \(task.id)")
            }
        }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
    }
}
