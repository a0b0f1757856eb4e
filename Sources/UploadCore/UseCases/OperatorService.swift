/// What operators may do to tasks and callbacks while the service runs.
public struct OperatorService: Sendable {
    private let service: UploadService
    private let outbox: any CallbackOutbox
    private let destinations: [String: String]
    private let outboxChanged: @Sendable () -> Void

    /// - Parameters:
    ///   - destinations: the present URL of each business server by identity.
    ///   - outboxChanged: called after a COMMIT that made callbacks due.
    public init(
        _ service: UploadService, outbox: any CallbackOutbox, destinations: [String: String],
        outboxChanged: @escaping @Sendable () -> Void
    ) {
        self.service = service
        self.outbox = outbox
        self.destinations = destinations
        self.outboxChanged = outboxChanged
    }

    /// Pauses, resumes or cancels a task, as its client could. Durable when it returns.
    ///
    /// - Parameter note: one sentence for the task's history; empty for none.
    /// - Throws: as ``UploadService/changeState(of:_:note:)``.
    public func change(_ id: TaskID, _ request: StateRequest, note: String) async throws {
        _ = try await service.changeState(of: id, request, note: note)
    }

    /// Has callbacks sent once more. Durable when it returns.
    ///
    /// One that was given up since it was too old is tried once, and given up again if that fails.
    /// - Throws: as ``CallbackOutbox/replay(_:to:)``.
    public func replay(_ selection: ReplaySelection) async throws -> ReplayOutcome {
        let outcome = try await outbox.replay(selection, to: destinations)
        if outcome.replayed > 0 { outboxChanged() }
        return outcome
    }

    /// The bytes that a task holds, from memory where it is being uploaded; `nil` when there is no such task.
    public func held(of id: TaskID) async throws -> RangeSet? {
        guard let session = service.sessions.existing(id) else {
            return try await service.dependencies.repository.taskWithRanges(id)?.held
        }
        do {
            return try await session.heldRanges()
        } catch let error as UploadError where error.code == .noSuchTask {
            return nil
        }
    }
}
