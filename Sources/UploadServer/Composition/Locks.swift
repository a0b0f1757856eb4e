import Foundation
import UploadFiles

extension ServerConfiguration {
    /// Makes this process the only one that works on the database and on tmpDir, for as long as the locks live. A restore
    /// that was cut off when it was as good as done is brought to its end.
    ///
    /// - Throws: ``InstanceLock/HeldError`` when another one does; ``DatabaseSwitch/Failure``.
    func takeLocks() throws -> [InstanceLock] {
        var names = [database]
        // A database may have a second name, a link: whoever uses the file's own has to meet the same lock.
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: database)) != nil {
            names.append(URL(fileURLWithPath: database).resolvingSymlinksInPath().path)
        }
        let locks =
            try names.map { try InstanceLock(path: $0 + ".lock", for: "the database \(database)") }
            + [try InstanceLock(path: tmpDirectory + "/.lock", for: "tmpDir \(tmpDirectory)")]
        try DatabaseSwitch(database: database).finish()
        return locks
    }

    /// Whether there is a database, or will be one when the locks are taken.
    var hasDatabase: Bool {
        get throws {
            try FileManager.default.fileExists(atPath: database) || DatabaseSwitch(database: database).isUnfinished
        }
    }

    /// A folder a database: a server started on another one by mistake must not take its files for orphans.
    func stagingFolder(of installationID: String) -> String {
        tmpDirectory + "/" + installationID
    }
}
