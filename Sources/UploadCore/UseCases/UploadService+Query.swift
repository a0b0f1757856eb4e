/// Where a task stands (contract, "GET blocksUrl").
public struct TaskProgress: Sendable, Equatable {
    /// The task.
    public var task: UploadTask
    /// Bytes held.
    public var receivedBytes: Int64
    /// What is missing, ascending; empty when all is held.
    public var missing: [ByteRange]
}

extension UploadService {
    /// Where the task stands. Reads a snapshot: never waits for a writer, never disturbs one.
    ///
    /// - Throws: `noSuchTask`.
    public func progress(of address: TaskAddress) async throws -> TaskProgress {
        let generation = try keyGeneration(of: address)
        guard let (task, held, _) = try await dependencies.repository.taskWithRanges(address.id),
            task.keyGeneration == generation
        else { throw UploadError.noSuchTask }
        return TaskProgress(
            task: task, receivedBytes: held.count,
            missing: held.missing(ofSize: task.registration.fileSize))
    }
}
