import GRDB
import UploadCore

extension SQLiteTaskRepository {
    /// One transaction for the batch, a savepoint for each block.
    public func commit(_ blocks: [ReceivedBlock]) async throws -> [Result<CommittedBlock, UploadError>] {
        let now = database.now().description
        return try await database.write { db in
            try blocks.map { block in
                do {
                    return .success(try Self.commit(block, at: now, db))
                } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                    return .failure(try Self.refusal(of: block, error, db))
                }
            }
        }
    }

    private static func commit(
        _ block: ReceivedBlock, at now: String, _ db: Database
    ) throws -> CommittedBlock {
        var state: TaskState?
        var received: Int64 = 0
        // A block that is refused takes its own rows along and leaves the others of the batch alone.
        try db.inSavepoint {
            for piece in block.pieces {
                try db.run(
                    Statements.insertBlock,
                    [block.taskID.rawValue, piece.range.first, piece.range.last, piece.md5.description, now])
            }
            FaultPoint.reach(.blockInTransaction)
            guard let row = try db.row(Statements.progress, [block.taskID.rawValue]) else {
                throw UploadError.noSuchTask
            }
            received = row["received_bytes"]
            state = try row.decode("state", of: "tasks") { TaskState(rawValue: $0) }
            if received == row["file_size"] {
                try db.run(Statements.completeTask, [block.taskID.rawValue])
                try db.run(Statements.insertEvent, [block.taskID.rawValue, now, "received", ""])
                state = .verifying
            }
            return .commit
        }
        guard let state else { throw UploadError.noSuchTask }
        return CommittedBlock(state: state, receivedBytes: received)
    }

    /// What a constraint's refusal means for the client.
    private static func refusal(
        of block: ReceivedBlock, _ error: DatabaseError, _ db: Database
    ) throws -> UploadError {
        guard let task = try task(block.taskID, db) else { return .noSuchTask }
        if task.state.isClosed { return .closed(task.state) }
        // The rows changed behind our memory of them. The next request for the range finds out what is held.
        return UploadError(.busy, "the range changed meanwhile, send the block again", cause: error)
    }
}
