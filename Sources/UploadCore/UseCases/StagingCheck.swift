/// Holds all tasks and all staging files against each other, beside the service's work. A task that is being worked on has been
/// looked at by then (``TaskReader``); this finds what nobody asks for, for the operator and for the disk.
struct StagingCheck: Sendable {
    /// What it found.
    struct Report: Sendable, Equatable {
        /// Tasks of which staged bytes had gone.
        var demoted = 0
        /// Staging files without an open task, removed.
        var orphans = 0
    }

    /// Tasks or files that are looked at in one go.
    private static let portion = 500

    private let repository: any TaskRepository
    private let store: any StagingStore
    private let observer: any UploadObserver
    private let reader: TaskReader
    private let sessions: TaskSessions

    init(_ service: UploadService) {
        repository = service.dependencies.repository
        store = service.dependencies.store
        observer = service.dependencies.observer
        (reader, sessions) = (service.reader, service.sessions)
    }

    /// - Throws: what database and disk throw; the rest is then left to the next start.
    func run() async throws -> Report {
        try await withTaskExecutorPreference(store.lookupExecutor) {
            var report = Report()
            for state in [TaskState.receiving, .paused] { report.demoted += try await demote(in: state) }
            report.orphans = try await removeOrphans()
            return report
        }
    }

    private func demote(in state: TaskState) async throws -> Int {
        var (demoted, last) = (0, OpenTask?.none)
        while true {
            let tasks = try await repository.openTasks(
                in: state, idleSince: nil, after: last, limit: Self.portion)
            for task in tasks where task.heldEnd > 0 {
                guard try await store.stagedSize(of: task.id) ?? 0 < task.heldEnd else { continue }
                guard try await reader.read(task.id)?.foundLoss == true else { continue }
                await sessions.existing(task.id)?.reset()
                FaultPoint.reach(.recoveryDemoted)
                demoted += 1
            }
            guard tasks.count == Self.portion else { return demoted }
            try Task.checkCancellation()
            // Others have work for this thread too.
            await Task.yield()
            last = tasks.last
        }
    }

    private func removeOrphans() async throws -> Int {
        var removed = 0
        let files = try await store.stagingFiles()
        while let ids = try await files.next(Self.portion) {
            // Asked after the files were listed: a task is there before its file is.
            let open = try await repository.openTasks(among: ids)
            for id in ids where !open.contains(id) {
                try await store.remove(id)
                FaultPoint.reach(.recoveryOrphanRemoved)
                observer.observe(.orphanRemoved(id))
                removed += 1
            }
            try Task.checkCancellation()
            await Task.yield()
        }
        return removed
    }
}
