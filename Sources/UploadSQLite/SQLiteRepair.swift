import GRDB
import UploadCore

/// ``DatabaseRepair`` on SQLite. Open it once the file is known to be sound, and while no server works on it.
public struct SQLiteRepair: DatabaseRepair {
    private let queue: DatabaseQueue
    private let now: @Sendable () -> Timestamp

    /// Opens the file at `path`, which is there; its schema stays as it is, and so does its journal mode.
    ///
    /// - Parameter now: the wall clock, for the times that are stored.
    public init(path: String, now: @escaping @Sendable () -> Timestamp) throws {
        var configuration = Configuration()
        configuration.label = "repair"
        configuration.busyMode = .timeout(10)
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw AuditError(translating: error)
        }
        self.now = now
    }

    /// Copies the WAL into the file, and ends the connection.
    public func close() throws {
        try queue.close()
    }

    /// Drops it where it is there, and runs the migration's own SQL.
    public func restore(_ fault: SchemaFault) async throws -> String? {
        let expected = try ReferenceSchema.ofThisProgram().pieces
        let piece = expected.first { $0.kind == fault.kind && $0.name == fault.name && $0.kind != "table" }
        guard let piece else { return nil }
        return try await write { db in
            try db.execute(sql: "DROP \(piece.kind) IF EXISTS \(piece.name)")
            try db.execute(sql: piece.sql)
            return "made anew"
        }
    }

    /// One pass over the table.
    public func removeStrayRows(of table: String) async throws -> String? {
        guard let sql = RepairStatements.removeStrays[table] else { return nil }
        return try await write { db in
            try db.execute(sql: sql)
            return db.changesCount > 0 ? "deleted" : nil
        }
    }

    /// One pass over the open tasks.
    public func recountTotals() async throws -> String? {
        try await write { db in
            guard try !String.fetchAll(db, sql: AuditStatements.wrongTotals).isEmpty else { return nil }
            try db.execute(sql: RepairStatements.clearTotals)
            try db.execute(sql: RepairStatements.recountTotals)
            return "added up anew"
        }
    }

    /// First the state, for the schema refuses a complete task without all of its bytes; then the rows, then the sums.
    public func correctRows(of id: TaskID, lost: [Int64]) async throws -> String? {
        try await write { db in
            guard let before = try Self.facts(id, db), !before.task.state.isClosed else { return nil }
            try Self.deleteRows(of: before, lost: lost, db)
            try db.run(RepairStatements.recount, [id.rawValue])
            guard let after = try Self.facts(id, db) else { return nil }
            let bytes = before.rows.bytes - after.rows.bytes
            if bytes > 0 {
                let detail = "bytes on disk are not what was received, they are asked for again (\(bytes) bytes)"
                try db.run(Statements.insertEvent, [id.rawValue, now().description, "bytesLost", detail])
            }
            let completes = after.rows.bytes == after.task.registration.fileSize && !after.task.state.isComplete
            if completes {
                try db.run(Statements.completeTask, [id.rawValue])
                try db.run(Statements.insertEvent, [id.rawValue, now().description, "received", ""])
            }
            let isSame = try Self.facts(id, db) == before
            if bytes > 0 { return "\(bytes) bytes are asked for again" }
            return isSame ? nil : completes ? "counted anew, it will be finished" : "counted anew"
        }
    }

    /// Under the same webhook id as any other callback of the task.
    public func enqueue(_ callback: CallbackDraft, for id: TaskID) async throws -> String? {
        try await write { db in
            guard let facts = try Self.facts(id, db), facts.task.state.isClosed, facts.callbacks.isEmpty else {
                return nil
            }
            let time = now().description
            try db.run(
                Statements.insertCallback,
                [
                    "task_\(id)", id.rawValue, facts.task.registration.businessServer, callback.destination,
                    callback.body(for: facts.task), time, time,
                ])
            return "enqueued"
        }
    }

    /// The foreign key takes its attempts along.
    public func removeCallback(of id: TaskID) async throws -> String? {
        try await write(RepairStatements.removeCallback, [id.rawValue], "deleted")
    }

    /// Through the index on the task.
    public func correctAttempts(of id: TaskID) async throws -> String? {
        try await write(RepairStatements.correctAttempts, [id.rawValue], "counted anew")
    }

    /// Due at once.
    public func sendAgain(_ id: TaskID) async throws -> String? {
        try await write(RepairStatements.sendAgain, [now().description, id.rawValue], "put back into the outbox")
    }

    /// Due as it was.
    public func releaseCallback(of id: TaskID) async throws -> String? {
        try await write(RepairStatements.releaseCallback, [id.rawValue], "put back into the outbox")
    }

    /// At the time of the end, with the reason from the task's row.
    public func writeEvent(of id: TaskID) async throws -> String? {
        try await write(RepairStatements.writeEvent, [id.rawValue], "written")
    }

    // MARK: Transactions

    private func write(_ sql: String, _ arguments: StatementArguments, _ done: String) async throws -> String? {
        try await write { db in
            try db.run(sql, arguments)
            return db.changesCount > 0 ? done : nil
        }
    }

    private func write(_ body: @escaping @Sendable (Database) throws -> String?) async throws -> String? {
        do {
            return try await queue.write(body)
        } catch {
            throw AuditError(translating: error)
        }
    }

    private static func facts(_ id: TaskID, _ db: Database) throws -> TaskFacts? {
        try db.row(AuditStatements.task, [id.rawValue]).map { try TaskFacts(row: $0, db) }
    }

    private static func deleteRows(of facts: TaskFacts, lost: [Int64], _ db: Database) throws {
        let (id, size) = (facts.task.id.rawValue, facts.task.registration.fileSize)
        let remaining = try Row.fetchAll(db, sql: RepairStatements.wrongRows, arguments: [id, size])
        let starts = Set(lost).union(remaining.map { $0["start_byte"] })
        let isIncomplete = facts.rows.bytes != size || !starts.isEmpty
        if facts.task.state.isComplete, isIncomplete {
            try db.run(Statements.moveTask, ["receiving", facts.task.activeAt.description, id])
        }
        // The trigger that counts goes on from sums which may be wrong; they are counted anew before the COMMIT.
        try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
        defer {
            // Only a closed connection refuses this, and with that the transaction is gone too.
            try? db.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
        for start in starts.sorted() { try db.run(RepairStatements.removeBlock, [id, start]) }
    }
}
