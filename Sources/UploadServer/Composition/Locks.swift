import UploadFiles

extension ServerConfiguration {
    /// Makes this process the only one that works on the database and on tmpDir, for as long as the locks live.
    ///
    /// - Throws: ``InstanceLock/HeldError`` when another one does.
    func takeLocks() throws -> [InstanceLock] {
        [
            try InstanceLock(path: database + ".lock", for: "the database \(database)"),
            try InstanceLock(path: tmpDirectory + "/.lock", for: "tmpDir \(tmpDirectory)"),
        ]
    }

    /// A folder a database: a server started on another one by mistake must not take its files for orphans.
    func stagingFolder(of installationID: String) -> String {
        tmpDirectory + "/" + installationID
    }
}
