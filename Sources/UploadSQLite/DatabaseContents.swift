import Foundation
import GRDB
import UploadCore

/// What a database file holds, read through and found sound.
public struct DatabaseContents: Sendable, Equatable {
    /// Its migrations.
    public let schema: SchemaStatus
    /// The file's size in bytes.
    public let bytes: Int64
    /// Rows of tasks.
    public let tasks: Int
    /// Those of them that are not closed.
    public let openTasks: Int
    /// Rows of blocks that were acknowledged.
    public let blocks: Int
    /// Rows of callbacks.
    public let callbacks: Int
    /// Those of them that are yet to be delivered, or were given up.
    public let undeliveredCallbacks: Int
    /// Rows whose task or callback is not there (`PRAGMA foreign_key_check`): the doctor's business, and no damage.
    public let strayRows: Int
    /// The secrets that the keys of open tasks are made with.
    public let keyGenerations: Set<Int>

    /// Reads all of the file at `path` (`PRAGMA integrity_check`), which may have a schema older than this program's.
    ///
    /// Changes nothing in it. Takes as long as reading it does.
    /// - Throws: ``DatabaseFileError``.
    public static func read(path: String) throws -> DatabaseContents {
        try ReadOnlyDatabase.use(path, label: "contents") { db in
            let schema = try SchemaStatus(of: db, path: path)
            guard !schema.applied.isEmpty else { throw DatabaseFileError.foreign(path: path) }
            let faults = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
            guard faults == ["ok"] else {
                throw DatabaseFileError.damaged(path: path, words: faults.joined(separator: "; "))
            }
            func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: "SELECT count(*) FROM " + sql) ?? 0 }
            let openTasks = try count("tasks WHERE closed_at IS NULL")
            // Before there were generations, all keys were made with the first secret.
            var generations: Set<Int> = openTasks > 0 ? [1] : []
            if try db.columns(in: "tasks").contains(where: { $0.name == "key_generation" }) {
                generations = Set(try Int.fetchAll(db, sql: Statements.openKeyGenerations))
            }
            return DatabaseContents(
                schema: schema,
                bytes: (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.int64Value ?? 0,
                tasks: try count("tasks"), openTasks: openTasks, blocks: try count("blocks"),
                callbacks: try count("callbacks"),
                undeliveredCallbacks: try count("callbacks WHERE state <> 'delivered'"),
                strayRows: try count("pragma_foreign_key_check"),
                keyGenerations: generations)
        }
    }
}
