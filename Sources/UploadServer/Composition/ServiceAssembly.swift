import Blocking
import UploadCore
import UploadFiles
import UploadSQLite

/// The domain on its adapters: for the server, and for commands that work on its file while it is down.
extension ServerConfiguration {
    /// The bytes of this database's tasks.
    ///
    /// - Throws: what keeps the folders from being used.
    func fileStore(of database: UploadDatabase) throws -> FileStore {
        try FileStore(
            stagingFolder: stagingFolder(of: database.installationID()),
            storeDirectory: storeDirectory,
            reserved: ReservedPaths(folders: [tmpDirectory], files: [self.database]),
            threads: IOThreads(count: ioThreads), targetThreads: IOThreads(count: 4))
    }

    /// The use cases.
    ///
    /// - Parameter outboxChanged: called after a COMMIT that enqueued a callback.
    func service(
        on database: UploadDatabase, _ store: FileStore, keys: any TaskKeys, observer: any UploadObserver,
        clock: any ServiceClock, outboxChanged: @escaping @Sendable () -> Void
    ) -> UploadService {
        UploadService(
            UploadService.Dependencies(
                repository: SQLiteTaskRepository(database), store: store,
                directory: ConfiguredBusinessServers(self), keys: keys, notes: SQLiteOperatorNotes(database),
                observer: observer, clock: clock,
                policy: ServicePolicy(checksBlocks: checkPartMD5, minFreeSpace: Int64(minFreeSpace)),
                limits: RegistrationLimits(
                    perToken: registrationsPerToken, perAddress: registrationsPerAddress, clock: clock)),
            outboxChanged: outboxChanged)
    }
}
