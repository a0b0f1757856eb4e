import GRDB
import UploadCore
import UploadMigrations

/// Which migrations a database file has seen, and which this program would bring.
public struct SchemaStatus: Sendable, Equatable {
    /// Those that the file has, oldest first; none in a file that is still empty.
    public let applied: [String]
    /// Those that it lacks, in the order in which a start applies them.
    public let pending: [String]

    /// The newest migration that the file has: the version of its schema; `nil` in an empty file.
    public var version: String? { applied.last }

    /// Looks at the file at `path`, beside a running server or not, and changes nothing in it.
    ///
    /// - Throws: ``DatabaseFileError``: `foreign` for a file with tables that are not this program's, `newer` for one that
    ///   a newer version has been at.
    public static func read(path: String) throws -> SchemaStatus {
        try ReadOnlyDatabase.use(path, label: "schema") { db in try SchemaStatus(of: db, path: path) }
    }

    /// - Parameter path: for what is thrown.
    init(of db: Database, path: String) throws {
        let known = Migration.all.map(\.identifier)
        guard try db.tableExists("grdb_migrations") else {
            // The first start was cut off before anything was in it.
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 else {
                throw DatabaseFileError.foreign(path: path)
            }
            (applied, pending) = ([], known)
            return
        }
        let found = try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        // Other programs use the same library, and have names of their own.
        guard found.isEmpty || found.first == known.first else { throw DatabaseFileError.foreign(path: path) }
        let unknown = found.filter { !known.contains($0) }
        guard unknown.isEmpty else { throw DatabaseFileError.newer(path: path, unknown: unknown) }
        (applied, pending) = (found, known.filter { !found.contains($0) })
    }
}
