extension UploadService {
    /// Pauses, resumes or cancels a task (contract, "POST stateUrl"). Durable when it returns.
    ///
    /// - Throws: `noSuchTask`, `alreadyInState`, `closed`, `busy` when the file is complete and it is too late.
    public func changeState(_ address: TaskAddress, _ request: StateRequest) async throws -> UploadTask {
        let task = try await authorisedTask(address)
        let check: @Sendable (UploadTask) throws(UploadError) -> Void = { task throws(UploadError) in
            try task.state.check(request)
        }
        guard request == .cancel else {
            let moved = try await dependencies.repository.move(
                task.id, to: request.target, reason: "asked for by the client", callback: nil, check: check)
            await sessions.existing(task.id)?.note(moved)
            dependencies.observer.observe(.stateChanged(moved))
            return moved
        }
        let closed = try await durability.close(
            task, as: .cancelled, .cancelled, reason: "cancelled by the client", check: check)
        await finisher.didClose(closed)
        return closed
    }
}
