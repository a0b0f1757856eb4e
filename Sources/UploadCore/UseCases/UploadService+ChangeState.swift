extension UploadService {
    /// Pauses, resumes or cancels a task (contract, "POST stateUrl"). Durable when it returns.
    ///
    /// - Throws: `noSuchTask`, `alreadyInState`, `closed`, `busy` when the file is complete and it is too late.
    public func changeState(_ address: TaskAddress, _ request: StateRequest) async throws -> UploadTask {
        try await apply(request, to: try await authorisedTask(address), by: "the client")
    }

    /// The same for an operator, who needs no key.
    ///
    /// - Parameter note: one sentence for the task's history; empty for none.
    /// - Throws: as ``changeState(_:_:)``.
    public func changeState(of id: TaskID, _ request: StateRequest, note: String) async throws -> UploadTask {
        guard let task = try await dependencies.repository.task(id) else { throw UploadError.noSuchTask }
        return try await apply(request, to: task, by: note.isEmpty ? "the operator" : "the operator: \(note)")
    }

    private func apply(_ request: StateRequest, to task: UploadTask, by whom: String) async throws -> UploadTask {
        let check: @Sendable (UploadTask) throws(UploadError) -> Void = { task throws(UploadError) in
            try task.state.check(request)
        }
        guard request == .cancel else {
            let moved = try await dependencies.repository.move(
                task.id, to: request.target, reason: "asked for by \(whom)", callback: nil, check: check)
            await sessions.existing(task.id)?.note(moved)
            dependencies.observer.observe(.stateChanged(moved))
            return moved
        }
        let closed = try await durability.close(
            task, as: .cancelled, .cancelled, reason: "cancelled by \(whom)", check: check)
        await finisher.didClose(closed)
        return closed
    }
}
