import Synchronization

/// A staging file together with the blocks that wait to be durable in it, and the hash that follows what is held of it.
final class OpenStagingFile: Sendable {
    let staging: any StagingFile
    let hash: RunningHash
    /// Blocks of one file that come together share its fdatasync and the COMMIT.
    let arrivals: Batches<ArrivedBlock, DurableBlock>
    /// What a sync failed with.
    private let failure = Mutex<(any Error)?>(nil)

    /// - Parameter executor: where it may block.
    init(_ staging: any StagingFile, hash: RunningHash, on executor: any TaskExecutor) {
        self.staging = staging
        self.hash = hash
        arrivals = Batches(on: executor)
    }

    /// Returns when all that was written before the call is on disk.
    ///
    /// - Throws: what a sync of this file failed with, now or before. The kernel reports a lost write once and then calls the
    ///   same pages clean. So after one failure nothing that was written through this descriptor may be called durable
    ///   (https://www.sqlite.org/atomiccommit.html, section 9.2; LWN "PostgreSQL's fsync() surprise"): its writers start
    ///   again with a fresh one.
    func sync() async throws {
        if let failure = failure.withLock({ $0 }) { throw failure }
        do {
            try await staging.sync()
        } catch {
            failure.withLock { $0 = error }
            throw error
        }
    }
}
