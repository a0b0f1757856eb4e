import Synchronization

/// A staging file together with the queue of those who wait for its next sync, and the hash that follows what is held of it.
final class OpenStagingFile: Sendable {
    let staging: any StagingFile
    let hash: RunningHash
    private let syncs: Batcher<Void, Void>

    init(_ staging: any StagingFile, hash: RunningHash) {
        self.staging = staging
        self.hash = hash
        let failure = Mutex<(any Error)?>(nil)
        syncs = Batcher(limit: .max) { waiters in
            // The kernel reports a lost write once and then calls the same pages clean. So after one failure nothing
            // that was written through this descriptor may be called durable (https://www.sqlite.org/atomiccommit.html,
            // section 9.2; LWN "PostgreSQL's fsync() surprise"): its writers start again with a fresh one.
            if let failed = failure.withLock({ $0 }) { throw failed }
            do {
                try await staging.sync()
            } catch {
                failure.withLock { $0 = error }
                throw error
            }
            return waiters.map { .success(()) }
        }
    }

    /// Returns when all that was written before the call is on disk; calls that come together share one sync.
    func sync() async throws {
        try await syncs.submit(())
    }
}
