import GRDB
import UploadCore

extension SQLiteTaskRepository {
    /// Their rows, and the new state and event of a task that they complete.
    public func commit(_ blocks: [ReceivedBlock]) async -> [Result<CommittedBlock, any Error>] {
        let now = database.now().description
        return await database.write(
            blocks.map { block in
                { db in
                    do {
                        return try Self.commit(block, at: now, db)
                    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                        throw try Self.refusal(of: block, error, db)
                    }
                }
            })
    }

    private static func commit(
        _ block: ReceivedBlock, at now: String, _ db: Database
    ) throws -> CommittedBlock {
        for piece in block.pieces {
            try db.run(
                Statements.insertBlock,
                [block.taskID.rawValue, piece.range.first, piece.range.last, piece.md5.description, now])
        }
        if let hash = block.hash {
            try db.run(Statements.putDownHash, [hash.bytes, hash.text, block.taskID.rawValue, hash.round])
        }
        FaultPoint.reach(.blockInTransaction)
        guard let row = try db.row(Statements.progress, [block.taskID.rawValue]) else { throw UploadError.noSuchTask }
        let received: Int64 = row["received_bytes"]
        guard received == row["file_size"] else {
            let state = try row.decode("state", of: "tasks") { TaskState(rawValue: $0) }
            return CommittedBlock(state: state, receivedBytes: received)
        }
        try db.run(Statements.completeTask, [block.taskID.rawValue])
        try db.run(Statements.insertEvent, [block.taskID.rawValue, now, "received", ""])
        return CommittedBlock(state: .verifying, receivedBytes: received)
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
