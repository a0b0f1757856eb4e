import Blocking
import Foundation
import GRDB
import GRDBSQLite
import UploadCore
import UploadMigrations

/// The SQLite file: opened, migrated, and set to the durability that everything else relies on.
///
/// One connection writes, a few read snapshots beside it (WAL). A transaction that has been committed survives a power
/// cut: `synchronous` is FULL (https://www.sqlite.org/pragma.html#pragma_synchronous), set after GRDB has opened the
/// file, since GRDB resets it to NORMAL for WAL databases, and asserted.
public struct UploadDatabase: Sendable {
    /// How long a change waits for the write lock of another program, an operator's shell for instance.
    static let longestWait = Duration.seconds(5)
    /// Up to this many bytes a database is read through before it is served from: half a second's work at most.
    private static let examinedSize: Int64 = 256 << 20
    private static let readers = 4
    /// Pages of the log after which it is copied into the database file: so many that few changes have to wait for it, and so
    /// few that SQLite finds all of them in one part of its index
    /// (https://www.sqlite.org/walformat.html#the_wal_index_file_format).
    public static let checkpointPages = 4000

    let pool: DatabasePool
    let now: @Sendable () -> Timestamp
    let commits: GroupCommit
    /// For those who may not block where they are. Nobody else's: a storage that hangs must not keep the database waiting.
    let threads: IOThreads

    /// The version of the SQLite library in use, e.g. "3.40.1".
    public static var libraryVersion: String { String(cString: sqlite3_libversion()) }

    /// Whether this SQLite can lose committed pages when two connections write and checkpoint at the same moment
    /// (https://www.sqlite.org/wal.html#walresetbug; fixed in 3.51.3, 3.50.7 and 3.44.6). One writer in one process, as
    /// here, does not meet it; a second program that writes or checkpoints the file may.
    public static var hasWALResetBug: Bool { hasWALResetBug(version: sqlite3_libversion_number()) }

    /// The same of any version.
    ///
    /// - Parameter version: as `SQLITE_VERSION_NUMBER`: 3044006 is 3.44.6.
    static func hasWALResetBug(version: Int32) -> Bool {
        version < 3_044_006 || (3_045_000..<3_050_007).contains(version) || (3_051_000..<3_051_003).contains(version)
    }

    /// Opens the file at `path`, making it and its folders, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - checkpointPages: pages of the log after which it is copied into the file.
    ///   - now: the wall clock, for the times that are stored.
    /// - Throws: ``DatabaseOpenError``.
    public static func open(
        path given: String, checkpointPages: Int = checkpointPages, now: @escaping @Sendable () -> Timestamp
    ) throws -> UploadDatabase {
        // SQLite follows a link too, and has its log beside the file itself.
        let path = URL(fileURLWithPath: given).resolvingSymlinksInPath().path
        do {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try syncLog(of: path, in: folder)
            try examine(path)
            let pool = try DatabasePool(path: path, configuration: configuration())
            let migrator = migrator()
            if let unknown = try pool.read({ db in try unknownMigrations(db) }), !unknown.isEmpty {
                throw DatabaseOpenError.newerSchema(unknown: unknown)
            }
            try pool.writeWithoutTransaction { db in
                // Before the migrations: the name of the staging folder is theirs, and must not change in a power cut.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(checkpointPages)")
                // After a checkpoint the WAL file is cut to this; a long reader can make it grow beyond meanwhile.
                try db.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
            }
            try migrator.migrate(pool)
            try pool.writeWithoutTransaction { db in try assertDurable(db) }
            let threads = IOThreads(count: readers + 1, name: "db")
            let commits = GroupCommit(pool, files: DatabaseFiles(path: path), threads: threads)
            return UploadDatabase(pool: pool, now: now, commits: commits, threads: threads)
        } catch let error as DatabaseOpenError {
            throw error
        } catch let error as DatabaseError where isDamage(error) {
            throw DatabaseOpenError.damaged(path: path, words: "\(error)")
        } catch {
            throw DatabaseOpenError.unusable(cause: error)
        }
    }

    /// The name of this database among others: it goes with the file wherever that is moved or restored.
    public func installationID() throws -> String {
        guard let id = try pool.read({ db in try String.fetchOne(db, sql: "SELECT id FROM installation") }) else {
            throw DatabaseOpenError.unusable(cause: CorruptRowError(table: "installation", column: "id"))
        }
        return id
    }

    /// The size of the WAL file in bytes; 0 when there is none.
    public var walBytes: Int64 { Self.bytes(of: pool.path + "-wal") }

    /// The size of the database file in bytes, without its WAL.
    public var fileBytes: Int64 { Self.bytes(of: pool.path) }

    private static func bytes(of path: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }

    /// Copies the WAL into the database file, unless somebody else is reading, and closes all connections. Call once
    /// nothing uses the database any more.
    ///
    /// Nothing depends on the copy: what is in the WAL is durable, and the next start goes on with it.
    public func close() throws {
        do {
            try pool.writeWithoutTransaction { db in
                // Not the long wait of a request: a shell that is left open must not keep the server from stopping.
                try db.execute(sql: "PRAGMA busy_timeout = 500")
                try db.checkpoint(.truncate)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            // The reader's own checkpoint, or ours at the next start, will do it.
        } catch let error as DatabaseError {
            throw DatabaseOpenError.notCopied(cause: error)
        }
        try pool.close()
    }

    /// - Throws: ``DatabaseOpenError/notDurable(pragma:value:)`` unless commits survive a power cut.
    static func assertDurable(_ db: Database) throws {
        for (pragma, wanted) in [("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1")] {
            let value = try String.fetchOne(db, sql: "PRAGMA \(pragma)") ?? ""
            guard value == wanted else { throw DatabaseOpenError.notDurable(pragma: pragma, value: value) }
        }
    }

    /// Makes durable what a killed process had written to the log and not synced: from the machine's memory it is read
    /// like what was committed, and a block that is held already is acknowledged without another COMMIT.
    private static func syncLog(of path: String, in folder: URL) throws {
        guard FileManager.default.fileExists(atPath: path + "-wal") else { return }
        for url in [URL(fileURLWithPath: path + "-wal"), folder] {
            let file = try FileHandle(forReadingFrom: url)
            try file.synchronize()
            try file.close()
        }
    }

    /// Reads a file through that is small enough: the pages that a start happens to need may be sound, and acknowledging
    /// blocks beside damaged ones makes it worse.
    private static func examine(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        guard let size = attributes[.size] as? NSNumber, size.int64Value <= examinedSize else { return }
        // On a connection of its own: the pool writes to the file as soon as it is opened.
        var configuration = Configuration()
        configuration.readonly = true
        let faults: [String]
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            faults = try queue.read { db in try String.fetchAll(db, sql: "PRAGMA quick_check(3)") }
            try queue.close()
        } catch let error as DatabaseError where !isDamage(error) {
            // A first start that was cut off left something to be rolled back, and this connection may not. Whatever else
            // it is, the pool meets it too.
            return
        }
        guard faults == ["ok"] else {
            let words = faults.joined(separator: "; ").replacing("\n", with: " ")
            throw DatabaseOpenError.damaged(path: path, words: words)
        }
    }

    /// What an error means that is met between opening and serving: the database may turn out to be damaged only then.
    public func explain(_ error: any Error) -> any Error {
        let cause = (error as? UploadError)?.cause ?? error
        guard let error = cause as? DatabaseError, Self.isDamage(error) else { return error }
        return DatabaseOpenError.damaged(path: pool.path, words: "\(error)")
    }

    private static func isDamage(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "upload"
        // For what happens before there are requests; those have their own deadline.
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = readers
        configuration.publicStatementArguments = false
        return configuration
    }

    private static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for migration in Migration.all {
            // Rows without an owner are the doctor's business: one that somebody left must not keep the server from being
            // upgraded. The default would look at the whole database for them before each COMMIT.
            migrator.registerMigration(migration.identifier, foreignKeyChecks: .immediate) { db in
                try db.execute(sql: migration.sql)
                FaultPoint.reach(.migrationInTransaction)
            }
        }
        return migrator
    }

    /// Migrations which the file has seen and this binary does not know; `nil` for a file without any.
    private static func unknownMigrations(_ db: Database) throws -> [String]? {
        guard try db.tableExists("grdb_migrations") else { return nil }
        let applied = try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        return applied.filter { identifier in !Migration.all.contains { $0.identifier == identifier } }
    }
}

/// Why the database could not be opened.
public enum DatabaseOpenError: Error, CustomStringConvertible {
    /// A newer version of the server has been at this file.
    case newerSchema(unknown: [String])
    /// A setting that durability depends on did not hold.
    case notDurable(pragma: String, value: String)
    /// What is in the file is no database, or not a whole one.
    case damaged(path: String, words: String)
    /// At the end, what is in the WAL could not be copied into the database file.
    case notCopied(cause: any Error)
    /// SQLite could not open, read or migrate the file.
    case unusable(cause: any Error)

    /// One sentence, and what to do.
    public var description: String {
        switch self {
        case .newerSchema(let unknown):
            "the database has a newer schema than this server knows (\(unknown.joined(separator: ", "))): "
                + "start the newer server, or restore the backup from before its upgrade"
        case .notDurable(let pragma, let value):
            "the database does not keep what is committed: PRAGMA \(pragma) is \(value)"
        case .damaged(let path, let words):
            "the database is damaged (\(words)). Keep a copy of \(path), \(path)-wal, \(path)-shm and \(path).key. Then "
                + "restore the newest backup (fuploadServer restore FILE), or save what can be read: "
                + "sqlite3 \(path) .recover | sqlite3 NEW (.dump where the shell has no .recover). After either: "
                + "fuploadServer doctor --repair"
        case .notCopied(let cause):
            "the database's WAL can't be copied into its file (\(cause)): nothing is lost, the next start goes on with it"
        case .unusable(let cause):
            "the database can't be used: \(cause)"
        }
    }
}
