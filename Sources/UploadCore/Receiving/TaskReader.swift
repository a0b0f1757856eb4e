/// Reads what a task holds, and holds it against the staging file first: somebody may have removed or shortened that,
/// while the server was down for instance. So nothing need be looked through before a start, however many tasks there are.
struct TaskReader: Sendable {
    /// A task as of one instant.
    struct Reading: Sendable {
        let task: UploadTask
        let held: RangeSet
        let hash: FileHashState
        /// Whether bytes turned out to be gone just now, and were taken back.
        var foundLoss = false
    }

    let durability: DurabilityOrder

    /// - Returns: `nil` when there is no such task.
    /// - Throws: what database and disk throw; `storage` where the staging folder's file system is not there.
    func read(_ id: TaskID) async throws -> Reading? {
        try await withTaskExecutorPreference(durability.store.lookupExecutor) { try await compare(id) }
    }

    private func compare(_ id: TaskID) async throws -> Reading? {
        var foundLoss = false
        while let (task, held, hash) = try await durability.repository.taskWithRanges(id) {
            let reading = Reading(task: task, held: held, hash: hash, foundLoss: foundLoss)
            // A publishing task without its staging file may have been renamed; finishing finds out.
            guard !task.state.isClosed, task.state != .publishing, let end = held.ranges.last?.end else {
                return reading
            }
            let size = try await durability.store.stagedSize(of: id) ?? 0
            guard size < end else { return reading }
            do {
                _ = try await durability.askAgain(task, keepingBytesBelow: size)
                foundLoss = true
            } catch let error as UploadError where error.code == .closed {
                // It closed, and its file went, since it was read.
                continue
            }
        }
        return nil
    }
}
