/// Closes tasks that went idle and purges those closed long ago; in small batches, found by an index.
public struct Sweeper: Sendable {
    /// How long is long.
    public struct Limits: Sendable, Equatable {
        /// A task that receives, since its last block.
        public var taskTimeout: Duration
        /// A paused one.
        public var pausedTimeout: Duration
        /// A closed one, until its rows go.
        public var retention: Duration

        /// Memberwise.
        public init(taskTimeout: Duration, pausedTimeout: Duration, retention: Duration) {
            self.taskTimeout = taskTimeout
            self.pausedTimeout = pausedTimeout
            self.retention = retention
        }
    }

    private static let batch = 100
    private static let interval = Duration.seconds(1)
    /// While the server was down no client could send. So after a start nothing times out for this long, or for the
    /// timeout itself where that is shorter.
    private static let grace = Duration.seconds(300)

    private let service: UploadService
    private let limits: Limits
    private let timeline: Timeline

    /// A sweeper of the service's tasks.
    ///
    /// - Parameter timeline: begun when the service was.
    public init(_ service: UploadService, limits: Limits, timeline: Timeline) {
        self.service = service
        self.limits = limits
        self.timeline = timeline
    }

    /// Sweeps every second until it is cancelled.
    public func run() async {
        while !Task.isCancelled {
            do {
                try await sweep()
                try await service.dependencies.clock.sleep(for: Self.interval)
            } catch {
                // Both only throw when cancelled.
                return
            }
        }
    }

    /// One round. What can't be done now is observed, and keeps nothing else from being done.
    ///
    /// - Throws: `CancellationError`.
    public func sweep() async throws {
        try await attempt("timing tasks out") { try await timeOut(.receiving, after: limits.taskTimeout) }
        try await attempt("timing paused tasks out") { try await timeOut(.paused, after: limits.pausedTimeout) }
        try await attempt("purging old tasks") {
            let limit = timeline.instant(ago: limits.retention)
            let purged = try await service.dependencies.repository.purgeTasks(closedBefore: limit, limit: Self.batch)
            if purged > 0 { service.dependencies.observer.observe(.purged(purged)) }
        }
    }

    private func attempt(_ what: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            // Whatever it comes as.
            try Task.checkCancellation()
            service.dependencies.observer.observe(.backgroundFailure(what, error))
        }
    }

    private func timeOut(_ state: TaskState, after timeout: Duration) async throws {
        guard timeline.age >= min(timeout, Self.grace) else { return }
        let limit = timeline.instant(ago: timeout)
        try await service.dependencies.repository.forEachOpenTask(in: state, idleSince: limit) { task in
            do {
                try await service.timeOut(task.id, idleIn: state, since: limit, timeout: timeout)
            } catch let error as UploadError where error.code == .storage {
                // Told once: it stops the others too.
                throw error
            } catch {
                try Task.checkCancellation()
                service.dependencies.observer.observe(.backgroundFailure("timing out task \(task.id)", error))
            }
        }
    }
}

extension UploadService {
    /// Closes a task that went idle, unless something is coming in after all.
    func timeOut(_ id: TaskID, idleIn state: TaskState, since limit: Timestamp, timeout: Duration) async throws {
        // A block that takes longer than the timeout is not idleness.
        guard !sessions.isInUse(id), let task = try await dependencies.repository.task(id) else { return }
        do {
            let reason = "timed out: no block for \(timeout.components.seconds) seconds"
            let closed = try await durability.close(task, as: .timedOut, .timedOut, reason: reason) {
                (task) throws(UploadError) in
                if task.state.isClosed { throw .closed(task.state) }
                guard task.state == state, task.activeAt <= limit else {
                    throw UploadError(.busy, "the task is not idle any more")
                }
            }
            await finisher.didClose(closed)
        } catch let error as UploadError where error.code == .closed || error.code == .busy {
            // A client was quicker; the next round looks again.
            return
        }
    }
}
