import UploadCore

extension TaskRepository {
    /// One block alone.
    package func commit(_ block: ReceivedBlock) async throws -> CommittedBlock {
        let results = await commit([block])
        precondition(results.count == 1, "one block, \(results.count) results")
        return try results[0].get()
    }
}
