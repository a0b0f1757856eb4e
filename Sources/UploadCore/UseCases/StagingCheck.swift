/// Holds all tasks and all staging files against each other, beside the service's work. A task that is being worked on has
/// been looked at by then (``TaskReader``); this finds what nobody asks for, for the operator and for the disk.
struct StagingCheck: Sendable {
    /// What it found.
    struct Report: Sendable, Equatable {
        /// Tasks of which staged bytes had gone.
        var demoted = 0
        /// Staging files without an open task, removed.
        var orphans = 0
    }

    /// Tasks or files that are looked at in one go.
    private static let portion = 50

    let service: UploadService
    private var repository: any TaskRepository { service.dependencies.repository }
    private var store: any StagingStore { service.dependencies.store }

    /// - Throws: what database and disk throw; the rest is then left to the next start.
    func run() async throws -> Report {
        try await withTaskExecutorPreference(store.lookupExecutor) {
            var report = Report()
            var pace = BackgroundPace(service.dependencies.clock)
            for state in [TaskState.receiving, .paused] {
                try await repository.forEachOpenTask(in: state, page: Self.portion) {
                    try await pace.rest()
                } body: { task in
                    if try await isDemoted(task) { report.demoted += 1 }
                }
            }
            report.orphans = try await removeOrphans(&pace)
            return report
        }
    }

    private func isDemoted(_ task: OpenTask) async throws -> Bool {
        // Most are whole, and what they hold need not be read.
        guard task.heldEnd > 0, try await store.stagedSize(of: task.id) ?? 0 < task.heldEnd,
            try await service.read(task.id)?.foundLoss == true
        else { return false }
        FaultPoint.reach(.recoveryDemoted)
        return true
    }

    private func removeOrphans(_ pace: inout BackgroundPace) async throws -> Int {
        var removed = 0
        let files = try await store.stagingFiles()
        var next = try await files.next(Self.portion)
        while let ids = next {
            // Asked after the files were listed: a task is there before its file is.
            let open = try await repository.openTasks(among: ids)
            for id in ids where !open.contains(id) {
                try await store.remove(id)
                FaultPoint.reach(.recoveryOrphanRemoved)
                service.dependencies.observer.observe(.orphanRemoved(id))
                removed += 1
            }
            next = try await files.next(Self.portion)
            if next != nil { try await pace.rest() }
        }
        return removed
    }
}
