import Foundation
import GRDB
import UploadCore
import UploadMigrations

/// ``DatabaseAudit`` on SQLite: a connection that can't write, so that nothing is made, migrated or checkpointed.
public struct SQLiteAudit: DatabaseAudit {
    private let database: SnapshotFile

    /// Opens the file at `path` for reading.
    ///
    /// SQLite puts an empty `-wal` and a `-shm` beside a file that has none; the server's next start takes them over.
    /// - Throws: ``AuditError``: `unavailable` when there is no such file, or its schema is not this program's.
    public init(path: String) throws {
        database = try SnapshotFile(path: path, label: "audit")
    }

    /// The name of this database among others; the staging folder bears it.
    public func installationID() async throws -> String {
        try await read { db in
            guard let id = try String.fetchOne(db, sql: "SELECT id FROM installation") else {
                throw CorruptRowError(table: "installation", column: "id")
            }
            return id
        }
    }

    /// Ends the connection.
    public func close() throws {
        try database.close()
    }

    // MARK: The file

    /// `PRAGMA integrity_check`, the first few complaints.
    ///
    /// On a connection that only reads, SQLite does not look at CHECK constraints. Most of what they say shows when rows
    /// are read as what they stand for, and in the rules which hold counters and states against each other.
    public func integrityFaults() async throws -> [String] {
        try await read { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check(5)").filter { $0 != "ok" }
        }
    }

    /// Compares with a database in memory that was made by the same migrations.
    public func schemaFaults() async throws -> [SchemaFault] {
        let found = try await read { db in try ReferenceSchema(of: db) }
        let expected = try ReferenceSchema.ofThisProgram()
        return expected.pieces.compactMap { piece in
            let there = found.pieces.first { $0.kind == piece.kind && $0.name == piece.name }
            return there?.sql == piece.sql
                ? nil : SchemaFault(kind: piece.kind, name: piece.name, isMissing: there == nil)
        }
    }

    /// `PRAGMA foreign_key_check`, counted by table.
    public func strayRows() async throws -> [StrayRows] {
        try await read { db in
            let tables = try db.rows(AuditStatements.strays, [])
            let undelivered = try Int.fetchOne(db, sql: AuditStatements.undeliveredStrays) ?? 0
            return tables.flatMap { row in
                let (table, count) = (row["name"] as String, row["count"] as Int)
                let waiting = table == "callbacks" ? undelivered : 0
                return [
                    StrayRows(table: table, count: count - waiting, isUndelivered: false),
                    StrayRows(table: table, count: waiting, isUndelivered: true),
                ].filter { $0.count > 0 }
            }
        }
    }

    /// One snapshot, one pass over the open tasks.
    public func wrongTotals() async throws -> [String] {
        try await read { db in try String.fetchAll(db, sql: AuditStatements.wrongTotals) }
    }

    /// A few jumps in an index.
    public func openKeyGenerations() async throws -> Set<Int> {
        try await read { db in Set(try db.rows(Statements.openKeyGenerations, []).map { $0["number"] as Int }) }
    }

    // MARK: Tasks

    /// One page of the table in the order of its key.
    public func tasks(after id: TaskID?, limit count: Int) async throws -> [TaskFacts] {
        try await read { db in
            try db.rows(AuditStatements.tasks, [id?.rawValue ?? 0, count]).map { try TaskFacts(row: $0, db) }
        }
    }

    /// Indexed reads in one snapshot.
    public func task(_ id: TaskID) async throws -> TaskFacts? {
        try await read { db in try db.row(AuditStatements.task, [id.rawValue]).map { try TaskFacts(row: $0, db) } }
    }

    /// One range of the primary key.
    public func blocks(of id: TaskID, after start: Int64?, limit count: Int) async throws -> [Block] {
        try await read { db in
            try db.rows(AuditStatements.blocks, [id.rawValue, start ?? -1, count]).map(Block.init(row:))
        }
    }

    /// One look-up a block, all in one snapshot.
    public func stillHeld(_ blocks: [Block], of id: TaskID) async throws -> [Block] {
        guard !blocks.isEmpty else { return [] }
        return try await read { db in
            try blocks.filter { block in
                try db.row(
                    AuditStatements.isHeld,
                    [id.rawValue, block.range.first, block.range.last, block.md5.description]) != nil
            }
        }
    }

    /// Looks at the tasks which closed at the same time or later, and at those that are being published.
    public func isReplaced(_ facts: TaskFacts) async throws -> Bool {
        try await read { db in
            let row = try db.row(
                AuditStatements.isReplaced,
                [facts.closedAt?.description, facts.task.targetPath, facts.task.id.rawValue])
            return row?[0] ?? false
        }
    }

    // MARK: The connection

    private func read<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await database.read(body)
    }
}
