import Synchronization

/// Says whether the service can do its work now, by doing a little of it: writes and syncs a file where staging files
/// are, commits a row, looks at the room that is left and at complete files that can't be brought to their place.
public actor Readiness {
    /// Strangers may ask as often as they like: the disk is troubled once a second at the most.
    private static let freshness = Duration.seconds(1)

    private let store: any StagingStore
    private let repository: any TaskRepository
    private let finisher: Finisher
    private let clock: any ServiceClock
    private let minFreeSpace: Int64
    private var last: (at: Duration, reasons: [String])?
    private var running: Task<[String], Never>?
    /// What was asked and is not answered yet.
    private var unanswered: Set<String> = []

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
        let (store, repository, minFreeSpace) = (store, repository, minFreeSpace)
        async let staging = answer("blocks can't be staged") { try await store.probe() }
        // It waits for a lock as long as any request does.
        async let database = answer("the database can't be written", within: .seconds(6)) {
            try await repository.probe()
        }
        async let room = answer("new tasks can't be taken") {
            let free = try store.freeSpace(target: await store.targetSpace())
            guard min(free.staging, free.target ?? .max) > minFreeSpace else {
                throw UploadError(.storage, "the free space on the server's disk is used up")
            }
        }
        let unpublished =
            finisher.delayed > 0 ? "complete files can't be published, \(finisher.delayed) of them wait" : nil
        return await [staging, database, room, unpublished].compactMap(\.self)
    }

    /// What keeps `body` from being done; `nil` when it is done.
    ///
    /// A disk may hang. Then nobody waits for it, and it is asked no second time before it has answered.
    private func answer(
        _ what: String, within limit: Duration = .seconds(2), _ body: @escaping @Sendable () async throws -> Void
    ) async -> String? {
        let silence = "\(what): the disk does not answer"
        guard unanswered.insert(what).inserted else { return silence }
        let (answers, feed) = AsyncStream<String?>.makeStream()
        Task {
            do {
                try await body()
                feed.yield(nil)
            } catch {
                feed.yield("\(what): \((error as? UploadError)?.message ?? "internal error")")
            }
            unanswered.remove(what)
        }
        let timer = Task { [clock] in
            // It only throws when cancelled, and then there is an answer.
            try? await clock.sleep(for: limit)
            feed.yield(silence)
        }
        defer { timer.cancel() }
        for await answer in answers { return answer }
        return nil
    }
}
