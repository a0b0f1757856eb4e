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

    /// Recovers. Once, before anything else uses the service. Repeatable after a crash at any point.
    public func recover(outbox: any CallbackOutbox) async throws -> RecoveryReport {
        var report = RecoveryReport()
        report.releasedCallbacks = try await outbox.releaseAllClaims()
        FaultPoint.reach(.claimsReleased)
        var unowned = try await dependencies.store.stagingFiles()
        for task in try await dependencies.repository.openTasks() {
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
}
