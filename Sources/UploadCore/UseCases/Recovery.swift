/// What happens between opening the database and serving: what a crash caught half-done is taken up. It takes no longer
/// the more tasks are open; their staging files are looked at when they are needed, and by ``checkStaging()``.
extension UploadService {
    /// What recovery did.
    public struct RecoveryReport: Sendable, Equatable {
        /// Tasks to be verified or published.
        public var unfinished = 0
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
        try await findStagingFolder()
        report.releasedCallbacks = try await outbox.releaseAllClaims()
        FaultPoint.reach(.claimsReleased)
        for state in [TaskState.verifying, .publishing] {
            try await dependencies.repository.forEachOpenTask(in: state) { task in
                finisher.enqueue(task.id)
                report.unfinished += 1
            }
        }
        return report
    }

    /// Holds all tasks and all staging files against each other, beside the service's work: bytes that are gone are asked
    /// for again, files without an open task are removed. What fails is observed, and left to the next start.
    public func checkStaging() async {
        do {
            let report = try await StagingCheck(service: self).run()
            dependencies.observer.observe(.stagingChecked(demoted: report.demoted, orphans: report.orphans))
        } catch {
            if Task.isCancelled { return }
            dependencies.observer.observe(.backgroundFailure("checking the staging files", error))
        }
    }

    /// Makes sure that staged bytes are looked for on the right file system.
    ///
    /// Bytes that are gone are asked for again, and what nobody owns is removed. Done beside a volume that is not mounted,
    /// the one would forget acknowledged bytes that are safe, and the other remove them once the volume is back. Files
    /// that are all there have moved, or their file system's number has changed.
    private func findStagingFolder() async throws {
        let (repository, store) = (dependencies.repository, dependencies.store)
        let (present, known) = (try await store.stagingFileSystem(), try await repository.stagingFileSystem())
        if let known, known.mayBeMissed(at: present) {
            let missing = try await countMissing()
            guard missing == 0 else { throw StagingNotMounted(tasks: missing) }
        }
        try await store.prepare()
        // Not as it was found: the folder may have been made just now.
        let used = try await store.stagingFileSystem()
        if used != known { try await repository.remember(stagingFileSystem: used) }
    }

    /// Open tasks whose staged bytes are not all there.
    private func countMissing() async throws -> Int {
        var missing = 0
        for state in TaskState.allCases where !state.isClosed {
            try await dependencies.repository.forEachOpenTask(in: state) { task in
                guard try await dependencies.store.stagedSize(of: task.id) ?? 0 < task.heldEnd else { return }
                // Its file may be in its place already.
                if state == .publishing, try await isPublished(task.id) { return }
                missing += 1
            }
        }
        return missing
    }

    private func isPublished(_ id: TaskID) async throws -> Bool {
        guard let task = try await dependencies.repository.task(id) else { return false }
        let file = FileDigest(md5: task.registration.fileMD5, size: task.registration.fileSize)
        return try await dependencies.store.publishedDigest(at: task.targetPath) == file
    }
}
