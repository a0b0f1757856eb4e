import Synchronization

/// Verifies and publishes tasks whose bytes are all held, a few at a time, and tries again where trouble may pass.
///
/// The queue is only a reminder: what has to be finished stands in the database, and recovery fills the queue from it.
public final class Finisher: Sendable {
    private enum Reminders { case once, again }

    /// Hashing keeps a core busy; more at once than there are cores would only slow the answers down.
    private static let width = 2
    private static let longestDelay = Duration.seconds(60)

    private let durability: DurabilityOrder
    private let notes: any OperatorNotes
    private let observer: any UploadObserver
    private let clock: any ServiceClock
    private let sessions: TaskSessions
    private let outboxChanged: @Sendable () -> Void
    private let queue: AsyncStream<TaskID>
    private let feed: AsyncStream<TaskID>.Continuation
    private let gate = Gate<Bool>(width: Finisher.width)
    private let store: any StagingStore
    private let inWork = Mutex<[TaskID: Reminders]>([:])
    private let troubled = Mutex<Set<TaskID>>([])

    /// How many complete tasks can't be finished at the moment and are tried again.
    var delayed: Int { troubled.withLock { $0.count } }

    init(
        _ durability: DurabilityOrder, _ dependencies: UploadService.Dependencies, sessions: TaskSessions,
        outboxChanged: @escaping @Sendable () -> Void
    ) {
        self.durability = durability
        self.sessions = sessions
        self.outboxChanged = outboxChanged
        notes = dependencies.notes
        observer = dependencies.observer
        clock = dependencies.clock
        store = dependencies.store
        (queue, feed) = AsyncStream.makeStream()
    }

    /// Reminds of a complete task.
    public func enqueue(_ id: TaskID) {
        feed.yield(id)
    }

    /// Works until it is cancelled; tasks caught in the middle are taken up at the next start.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for await id in queue {
                group.addTask { await self.finish(id) }
            }
            group.cancelAll()
        }
    }

    private func finish(_ id: TaskID) async {
        // Two who finish one task would only get in each other's way. But a reminder that comes meanwhile may be of
        // something new, so it is not forgotten.
        let isFirst = inWork.withLock { inWork in
            defer { inWork[id] = inWork[id] == nil ? .once : .again }
            return inWork[id] == nil
        }
        guard isFirst else { return }
        defer {
            troubled.withLock { _ = $0.remove(id) }
            if inWork.withLock({ $0.removeValue(forKey: id) }) == .again { enqueue(id) }
        }
        var delay = Duration.seconds(1)
        while !Task.isCancelled {
            do {
                // Step after step of it blocks, and is done where that is allowed.
                let task = try await gate.pass(true) { [store, sessions, durability] in
                    try await withTaskExecutorPreference(store.executor) {
                        try await sessions.with(id) { session in try await durability.finish(id, in: session) }
                    }
                }
                guard let task else { return }
                if task.state.isClosed {
                    await didClose(task)
                } else if let session = sessions.existing(id) {
                    await session.reset()
                }
                return
            } catch let error as UploadError where error.code == .closed {
                return
            } catch {
                // Being told to stop is no trouble; the next start takes the task up.
                if Task.isCancelled { return }
                // Blocks may have been taken back before it failed.
                await sessions.existing(id)?.reset()
                observer.observe(.finishDelayed(id, by: delay, error))
                troubled.withLock { _ = $0.insert(id) }
                await note(trouble: error, of: id)
                do { try await clock.sleep(for: delay) } catch { return }
                delay = min(delay * 2, Self.longestDelay)
            }
        }
    }

    private func note(trouble: any Error, of id: TaskID) async {
        do {
            try await notes.note(trouble: "\(trouble)", of: id)
        } catch {
            // The log has it, and the next attempt may be able to write it down.
            observer.observe(.backgroundFailure("writing down the trouble of a task", error))
        }
    }

    /// What follows every COMMIT that closed a task: the callback is under way, requests end, the staging file goes.
    func didClose(_ task: UploadTask) async {
        outboxChanged()
        observer.observe(.closed(task))
        await sessions.existing(task.id)?.end(.closed(task.state))
        sessions.forget(task.id)
        do {
            try await store.remove(task.id)
        } catch {
            // The task is closed all the same; recovery removes what is left.
            observer.observe(.backgroundFailure("removing a staging file", error))
        }
    }
}
