import Foundation
import UploadFiles

extension ServerConfiguration {
    /// Makes this process the only one that works on the database and on tmpDir, for as long as the locks live.
    ///
    /// - Throws: ``InstanceLock/HeldError`` when another one does.
    func takeLocks() throws -> [InstanceLock] {
        var names = [database]
        // A database may have a second name, a link: whoever uses the file's own has to meet the same lock.
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: database)) != nil {
            names.append(URL(fileURLWithPath: database).resolvingSymlinksInPath().path)
        }
        return try names.map { try InstanceLock(path: $0 + ".lock", for: "the database \(database)") }
            + [try InstanceLock(path: tmpDirectory + "/.lock", for: "tmpDir \(tmpDirectory)")]
    }

    /// A folder a database: a server started on another one by mistake must not take its files for orphans.
    func stagingFolder(of installationID: String) -> String {
        tmpDirectory + "/" + installationID
    }
}
