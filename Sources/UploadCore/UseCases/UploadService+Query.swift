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
    /// Where the task stands. Reads a snapshot: never waits for a writer, never disturbs one, unless staged bytes are gone.
    ///
    /// - Throws: `noSuchTask`; `storage` where the staging folder's file system is not there.
    public func progress(of address: TaskAddress) async throws -> TaskProgress {
        let generation = try keyGeneration(of: address)
        guard let reading = try await reader.read(address.id), reading.task.keyGeneration == generation else {
            throw UploadError.noSuchTask
        }
        if reading.foundLoss { await sessions.existing(address.id)?.reset() }
        return TaskProgress(
            task: reading.task, receivedBytes: reading.held.count,
            missing: reading.held.missing(ofSize: reading.task.registration.fileSize))
    }
}
