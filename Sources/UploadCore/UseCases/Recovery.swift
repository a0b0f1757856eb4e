/// What happens between opening the database and serving: tasks and staging files are held against each other, and
/// tasks which a crash caught while they were being finished are taken up.
extension UploadService {
    /// What recovery did.
    public struct RecoveryReport: Sendable, Equatable {
        /// Tasks that are open.
        public var openTasks = 0
        /// Of them, those to be verified or published.
        public var unfinished = 0
        /// Tasks of which staged bytes had gone.
        public var demoted = 0
        /// Staging files without an open task, removed.
        public var orphans = 0
        /// Callbacks that were being delivered.
        public var releasedCallbacks = 0
    }

    /// Staged bytes are not there, and their file system is not either.
    public struct StagingNotMounted: Error, CustomStringConvertible {
        let tasks: Int

        /// One sentence, and what to do.
        public var description: String {
            "\(tasks) open tasks have bytes in tmpDir that are not there, and tmpDir is on another file system than it was: "
                + "mount its volume. If that is gone for good, see what fuploadServer doctor says"
        }
    }

    /// Recovers. Once, before anything else uses the service. Repeatable after a crash at any point.
    ///
    /// - Throws: ``StagingNotMounted``; nothing has been changed then.
    public func recover(outbox: any CallbackOutbox) async throws -> RecoveryReport {
        var report = RecoveryReport()
        let openTasks = try await dependencies.repository.openTasks()
        var unowned = try await findStagedBytes(of: openTasks)
        report.releasedCallbacks = try await outbox.releaseAllClaims()
        FaultPoint.reach(.claimsReleased)
        for task in openTasks {
            report.openTasks += 1
            // A file that holds nothing acknowledged may have a name that is not durable: it is made anew.
            let size = task.heldEnd > 0 ? unowned.removeValue(forKey: task.id) ?? 0 : 0
            // A publishing task without its staging file may have been renamed; finishing finds out.
            if task.heldEnd > size, task.state != .publishing {
                guard let demoted = try await dependencies.repository.task(task.id) else { continue }
                _ = try await durability.askAgain(demoted, keepingBytesBelow: size)
                FaultPoint.reach(.recoveryDemoted)
                report.demoted += 1
            } else if task.state.isComplete {
                finisher.enqueue(task.id)
                report.unfinished += 1
            }
        }
        for id in unowned.keys {
            try await dependencies.store.remove(id)
            FaultPoint.reach(.recoveryOrphanRemoved)
            dependencies.observer.observe(.orphanRemoved(id))
            report.orphans += 1
        }
        return report
    }

    /// All staging files, after making sure that they are looked for on the right file system.
    ///
    /// Bytes that are gone are asked for again, and what nobody owns is removed. Done beside a volume that is not mounted,
    /// the one would forget acknowledged bytes that are safe, and the other remove them once the volume is back. Files
    /// that are all there have moved, or their file system's number has changed.
    private func findStagedBytes(of tasks: [OpenTask]) async throws -> [TaskID: Int64] {
        let (repository, store) = (dependencies.repository, dependencies.store)
        let (present, known) = (try await store.stagingFileSystem(), try await repository.stagingFileSystem())
        let files = try await store.stagingFiles()
        if let known, known.mayBeMissed(at: present) {
            var missing = 0
            for task in tasks where task.heldEnd > files[task.id] ?? 0 {
                // Its file may be in its place already.
                if task.state == .publishing, try await isPublished(task.id) { continue }
                missing += 1
            }
            guard missing == 0 else { throw StagingNotMounted(tasks: missing) }
        }
        try await store.prepare()
        // Not as it was found: the folder may have been made just now.
        let used = try await store.stagingFileSystem()
        if used != known { try await repository.remember(stagingFileSystem: used) }
        return files
    }

    private func isPublished(_ id: TaskID) async throws -> Bool {
        guard let task = try await dependencies.repository.task(id) else { return false }
        let file = FileDigest(md5: task.registration.fileMD5, size: task.registration.fileSize)
        return try await dependencies.store.publishedDigest(at: task.targetPath) == file
    }
}
