import Foundation
import GRDB
import UploadCore
import UploadMigrations

/// A snapshot's source.
protocol SnapshotReader: Sendable {
    /// One snapshot.
    func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result
}

extension UploadDatabase: SnapshotReader {}

/// A connection that can't write, beside a server or without one: nothing is made, migrated or checkpointed.
struct ReadOnlyDatabase: SnapshotReader {
    private let queue: DatabaseQueue

    /// Opens the file at `path` for reading.
    ///
    /// SQLite puts an empty `-wal` and a `-shm` beside a file that has none; the server's next start takes them over.
    /// - Throws: ``AuditError``: `unavailable` when there is no such file, or its schema is not this program's.
    init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw AuditError.unavailable("there is no database at \(path)")
        }
        do {
            queue = try Self.open(path)
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

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "reading"
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as DatabaseError where error.needsToWrite && !hasWAL(path) {
            // SQLite wants to make a -wal and can't: a backup on a read-only volume, for instance. Without a WAL nobody
            // is writing it either, so it may be read as it is (https://www.sqlite.org/uri.html#uriimmutable).
            let url = URL(fileURLWithPath: path).absoluteString + "?immutable=1"
            return try DatabaseQueue(path: url, configuration: configuration)
        }
    }

    private static func hasWAL(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
        // One that may not be looked at counts as there.
        let size = attributes?[.size] as? Int
        return FileManager.default.fileExists(atPath: path + "-wal") && size != 0
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
