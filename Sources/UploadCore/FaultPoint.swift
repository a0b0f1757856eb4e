import Synchronization

/// The steps of the durability order by name, so that a test can end the process right after any of them.
///
/// In release builds ``reach(_:)`` is empty. In debug builds the program asks its environment which point is to be
/// deadly; the crash sweep tries them all, at their first and later hits, and checks that nothing was lost.
public enum FaultPoint: String, Sendable, CaseIterable {
    // MARK: Starting

    /// The statements of a migration ran, its COMMIT is to come.
    case migrationInTransaction
    /// The secret of the task keys lies under its temporary name.
    case secretWritten
    /// Callbacks that an earlier process was sending are pending again.
    case claimsReleased
    /// Blocks whose bytes are gone were taken back.
    case recoveryDemoted
    /// A staging file that no open task owns was removed.
    case recoveryOrphanRemoved

    // MARK: A task

    /// The task's row is there, its event and COMMIT are to come.
    case registerInTransaction
    /// The COMMIT happened, nobody was told.
    case registered

    // MARK: A block

    /// The staging file was made; its name is not durable.
    case stagingFileMade
    /// Some bytes were written in place.
    case blockWritten
    /// The bytes are on disk, the name of their file perhaps not.
    case blockDataSynced
    /// File and name are on disk, no row speaks of them.
    case blockSynced
    /// The rows of a block were inserted, the COMMIT is to come.
    case blockInTransaction
    /// The COMMIT happened, nobody was told.
    case blockCommitted

    // MARK: A file

    /// The whole file's MD5 matched.
    case fileVerified
    /// `publishing` is committed.
    case publishingCommitted
    /// A folder on the way to the target was made.
    case targetFolderMade
    /// A portion was copied to another file system.
    case targetCopied
    /// The file has its temporary name beside the target.
    case targetLinked
    /// The file has its final name; the folder was not synced.
    case targetRenamed
    /// The final name is durable, the task does not know.
    case targetSynced
    /// A move's new state is in its transaction; event, callback and COMMIT are to come.
    case moveInTransaction
    /// The task is closed and its callback enqueued; the staging file is still there.
    case closed
    /// The staging file is gone too.
    case stagingFileRemoved

    // MARK: A callback

    /// Rows are claimed, nothing was sent.
    case callbackClaimed
    /// The receiver answered, nobody wrote it down.
    case callbackAnswered
    /// The attempt's row is there, the callback's new state and the COMMIT are to come.
    case attemptInTransaction
    /// The attempt is written down.
    case attemptRecorded
}

extension FaultPoint {
    #if DEBUG
        private static let handler = Mutex<(@Sendable (FaultPoint) -> Void)?>(nil)

        /// From now on calls `handler` at every point that is reached. For debug builds only.
        public static func watch(_ handler: @escaping @Sendable (FaultPoint) -> Void) {
            self.handler.withLock { $0 = handler }
        }

        /// Marks that the step of this name was made.
        public static func reach(_ point: FaultPoint) {
            handler.withLock { $0 }?(point)
        }
    #else
        /// Nothing, in a release build.
        @inlinable public static func reach(_ point: FaultPoint) {}
    #endif
}
