import GRDB
import UploadCore

/// Copies of the whole database in one file, made beside a running server.
public enum DatabaseCopy {
    /// Writes what the database at `source` holds at one instant to the file at `target`, which is empty or not there.
    ///
    /// Everything that was committed before the call is in it, also what is in the WAL alone. It is `VACUUM INTO`
    /// (https://www.sqlite.org/lang_vacuum.html#vacuuminto) and not the backup API, for these reasons:
    ///
    /// - Both read one snapshot, and both can do it on a connection that can't write the source (``ReadOnlyDatabase``), so
    ///   the WAL-reset bug of SQLite before 3.51.3 is not met: it takes a second connection that writes or checkpoints.
    /// - The result is one file in rollback mode: nothing belongs beside it, it can be copied with `cp` and read on a
    ///   volume that can't be written. The backup API copies the mark of WAL mode too, and the pages that are free.
    /// - It reads each row and makes the indexes anew, so damage in a table ends it, and damage in an index is not taken
    ///   along. The backup API copies damaged pages as they are.
    ///
    /// It costs more time than a copy of pages. As long as it takes, a server's WAL can't be used from its beginning again.
    ///
    /// SQLite syncs the file; its name is the caller's to make durable. On an error there may be a part of the file.
    /// - Throws: ``DatabaseFileError``: `failed` when the target can't be written; the others are about the source.
    public static func make(of source: String, to target: String) throws {
        try ReadOnlyDatabase.use(source, label: "copy") { db in
            guard try !SchemaStatus(of: db, path: source).applied.isEmpty else {
                throw DatabaseFileError.foreign(path: source)
            }
            do {
                try db.execute(sql: "VACUUM INTO ?", arguments: [target])
            } catch let error as DatabaseError where error.resultCode != .SQLITE_CORRUPT {
                let words = error.message ?? "\(error.resultCode)"
                throw DatabaseFileError.failed("the copy of \(source) can't be written to \(target): \(words)")
            }
        }
    }
}
