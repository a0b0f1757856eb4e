import Foundation
import GRDB
import UploadCore
import UploadMigrations

/// Where snapshots come from.
protocol SnapshotReader: Sendable {
    /// One snapshot.
    func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result
}

extension UploadDatabase: SnapshotReader {}

/// A database file of this program's schema, read beside a server or without one.
struct SnapshotFile: SnapshotReader {
    private let queue: DatabaseQueue

    /// - Throws: ``AuditError``: `unavailable` when there is no such file, or its schema is not this program's.
    init(path: String, label: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw AuditError.unavailable("there is no database at \(path)")
        }
        do {
            queue = try ReadOnlyDatabase.open(path, label: label)
            try queue.read(Self.checkVersion)
        } catch {
            throw AuditError(translating: error)
        }
    }

    /// - Throws: ``AuditError``.
    func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        do {
            return try await queue.read(body)
        } catch {
            throw AuditError(translating: error)
        }
    }

    /// Ends the connection.
    func close() throws {
        try queue.close()
    }

    private static func checkVersion(_ db: Database) throws {
        guard try db.tableExists("grdb_migrations") else {
            throw AuditError.unavailable("the database is none of this program's: it has no schema")
        }
        let applied = try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        let known = Migration.all.map(\.identifier)
        let unknown = applied.filter { !known.contains($0) }
        guard unknown.isEmpty else { throw DatabaseOpenError.newerSchema(unknown: unknown) }
        guard applied.count == known.count else {
            throw AuditError.unavailable(
                "the database has an older schema than this program: start the server once, it brings it up to date")
        }
    }
}
