import Foundation
import GRDB

/// Connections that can't write the database, so that nothing in it is made, migrated or checkpointed.
///
/// The file is opened for reading alone, and at its end such a connection can't take the lock that a checkpoint needs. So
/// it may be beside a server whose SQLite has the WAL-reset bug (``UploadDatabase/hasWALResetBug``): that takes two
/// connections which write or checkpoint.
enum ReadOnlyDatabase {
    /// Opens the file at `path`, which is there.
    ///
    /// SQLite puts an empty `-wal` and a `-shm` beside a file in WAL mode that has none; the server's next start takes them
    /// over.
    static func open(_ path: String, label: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = label
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

    /// Opens the file, does something with it outside of any transaction, and closes it.
    ///
    /// - Throws: ``DatabaseFileError``.
    static func use<Result>(
        _ path: String, label: String, _ body: (Database) throws -> Result
    ) throws -> Result {
        guard FileManager.default.fileExists(atPath: path) else {
            throw DatabaseFileError.unavailable("there is no database at \(path)")
        }
        do {
            let queue = try Self.open(path, label: label)
            let result = try queue.inDatabase(body)
            try queue.close()
            return result
        } catch {
            throw DatabaseFileError(translating: error, path: path)
        }
    }

    private static func hasWAL(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
        // One that may not be looked at counts as there.
        let size = attributes?[.size] as? Int
        return FileManager.default.fileExists(atPath: path + "-wal") && size != 0
    }
}
