import GRDB
import UploadCore
import UploadMigrations

extension TaskFacts {
    /// From a row of ``AuditStatements/tasks`` and what is read beside it.
    init(row: Row, _ db: Database) throws {
        let task = try UploadTask(row: row)
        let key = task.id.rawValue
        var rows = Rows()
        if let sums = try db.row(AuditStatements.ranges, [task.registration.fileSize, key]) {
            rows.count = sums["count"]
            rows.bytes = sums["bytes"]
            rows.end = sums["end"]
            rows.overlapping = sums["overlapping"]
            rows.outside = sums["outside"]
        }
        self.init(
            task: task,
            heldEnd: row["held_end"],
            closedAt: try (row["closed_at"] as String?).map { _ in
                try row.decode("closed_at", of: "tasks") { Timestamp($0) }
            },
            rows: rows,
            callbacks: try db.rows(AuditStatements.callbacks, [key]).map { row in
                Callback(
                    state: try row.decode("state", of: "callbacks") { Callback.State(rawValue: $0) },
                    attempts: row["attempts"], lastAttempt: row["last_attempt"], wasAccepted: row["was_accepted"])
            },
            ends: try db.rows(AuditStatements.ends, [key]).map { $0["kind"] },
            wasVerified: task.state == .failed ? try db.row(AuditStatements.wasVerified, [key])?[0] ?? false : false)
    }
}

extension Block {
    /// From a row of ``AuditStatements/blocks``.
    init(row: Row) throws {
        guard let range = ByteRange(first: row["start_byte"], last: row["end_byte"]) else {
            throw CorruptRowError(table: "blocks", column: "end_byte")
        }
        self.init(range: range, md5: try row.decode("md5", of: "blocks") { MD5Digest(hex: $0 as String) })
    }
}

/// The tables, indexes, triggers and views of a database, with the SQL that made them.
struct ReferenceSchema {
    struct Piece {
        var kind: String
        var name: String
        var sql: String
    }

    var pieces: [Piece]

    init(of db: Database) throws {
        // Indexes of constraints have no SQL of their own: they come with their table.
        pieces = try Row.fetchAll(
            db, sql: "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
        ).map { Piece(kind: $0["type"], name: $0["name"], sql: $0["sql"]) }
    }

    /// What all migrations together make.
    static func ofThisProgram() throws -> ReferenceSchema {
        let queue = try DatabaseQueue()
        return try queue.write { db in
            for migration in Migration.all { try db.execute(sql: migration.sql) }
            return try ReferenceSchema(of: db)
        }
    }
}

extension DatabaseError {
    /// Whether a read-only connection failed since SQLite wanted to make a file beside the database, or to write one.
    var needsToWrite: Bool { [.SQLITE_READONLY, .SQLITE_CANTOPEN].contains(resultCode) }
}

extension AuditError {
    init(translating error: any Error) {
        switch error {
        case let error as AuditError:
            self = error
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            self = .damaged(error.message ?? "\(error.resultCode)")
        case let error as CorruptRowError:
            self = .damaged("\(error.table).\(error.column) holds what it can't")
        case let error as DatabaseError where error.needsToWrite:
            let reason = error.message ?? "\(error.resultCode)"
            self = .unavailable("the database can't be opened: \(reason): run this as the user that the server runs as")
        case let error as DatabaseError:
            self = .unavailable("the database can't be used: \(error.message ?? "\(error.resultCode)")")
        default:
            self = .unavailable("\(error)")
        }
    }
}
