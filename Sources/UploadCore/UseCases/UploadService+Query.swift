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
    /// Where the task stands. Reads a snapshot: never waits for a writer, never disturbs one, unless staged bytes are
    /// gone.
    ///
    /// - Throws: `noSuchTask`; `storage` where the staging folder's file system is not there.
    public func progress(of address: TaskAddress) async throws -> TaskProgress {
        let generation = try keyGeneration(of: address)
        guard let reading = try await read(address.id), reading.task.keyGeneration == generation else {
            throw UploadError.noSuchTask
        }
        return TaskProgress(
            task: reading.task, receivedBytes: reading.held.count,
            missing: reading.held.missing(ofSize: reading.task.registration.fileSize))
    }

    /// What the task holds; a session that is in memory learns of a loss that is found.
    func read(_ id: TaskID) async throws -> TaskReader.Reading? {
        let reading = try await reader.read(id)
        if reading?.foundLoss == true { await sessions.existing(id)?.reset() }
        return reading
    }
}
