import Synchronization

/// Says whether the service can do its work now, by doing a little of it: writes and syncs a file where staging files
/// are, commits a row, looks at the room that is left and at complete files that can't be brought to their place.
public actor Readiness {
    /// Strangers may ask as often as they like: the disk is troubled once a second at the most.
    private static let freshness = Duration.seconds(1)
    /// For a disk to say how much room it has.
    private static let patience = Duration.seconds(2)

    private let store: any StagingStore
    private let repository: any TaskRepository
    private let finisher: Finisher
    private let clock: any ServiceClock
    private let minFreeSpace: Int64
    private var last: (at: Duration, reasons: [String])?
    private var running: Task<[String], Never>?
    private var measuring: Task<Void, Never>?

    init(_ dependencies: UploadService.Dependencies, finisher: Finisher) {
        store = dependencies.store
        repository = dependencies.repository
        clock = dependencies.clock
        minFreeSpace = dependencies.policy.minFreeSpace
        self.finisher = finisher
    }

    /// Why the service is not ready; empty when it is. Sentences for an operator, without paths.
    ///
    /// What is told is a second old at the most.
    public func reasons() async -> [String] {
        if let last, clock.uptime - last.at < Self.freshness { return last.reasons }
        if let running { return await running.value }
        let probing = Task { await probe() }
        running = probing
        let reasons = await probing.value
        running = nil
        last = (clock.uptime, reasons)
        return reasons
    }

    private func probe() async -> [String] {
        let (store, repository) = (store, repository)
        let failures = [
            await failure("blocks can't be staged") { try await store.probe() },
            await failure("the database can't be written") { try await repository.probe() },
            await roomFailure(),
            finisher.delayed > 0 ? "complete files can't be published, \(finisher.delayed) of them wait" : nil,
        ]
        return failures.compactMap(\.self)
    }

    /// The file system of finished files may be one that hangs. Then nobody waits for it, and it is asked no second time
    /// before it has answered.
    private func roomFailure() async -> String? {
        let silence = "new tasks can't be taken: the disk of finished files does not answer"
        guard measuring == nil else { return silence }
        let (answers, feed) = AsyncStream<String?>.makeStream()
        measuring = Task {
            feed.yield(await measureRoom())
            measuring = nil
        }
        let timer = Task { [clock] in
            // It only throws when cancelled, and then there is an answer.
            try? await clock.sleep(for: Self.patience)
            feed.yield(silence)
        }
        defer { timer.cancel() }
        for await answer in answers { return answer }
        return nil
    }

    private func measureRoom() async -> String? {
        let (store, minFreeSpace) = (store, minFreeSpace)
        return await failure("new tasks can't be taken") {
            let free = try store.freeSpace(target: await store.targetSpace())
            guard min(free.staging, free.target ?? .max) > minFreeSpace else {
                throw UploadError(.storage, "the free space on the server's disk is used up")
            }
        }
    }

    private func failure(_ what: String, _ body: @Sendable () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return "\(what): \((error as? UploadError)?.message ?? "internal error")"
        }
    }
}
