import Synchronization

/// A staging file together with those who wait for its next sync, and the hash that follows what is held of it.
final class OpenStagingFile: Sendable {
    private typealias Waiter = CheckedContinuation<Turn, any Error>

    /// What a waiter is woken for.
    private enum Turn {
        /// Its bytes are on disk.
        case synced
        /// It syncs for all who wait.
        case lead
    }

    private struct State {
        var isSyncing = false
        var waiting: [Waiter] = []
        /// What a sync failed with.
        var failure: (any Error)?
    }

    let staging: any StagingFile
    let hash: RunningHash
    private let state = Mutex(State())

    init(_ staging: any StagingFile, hash: RunningHash) {
        self.staging = staging
        self.hash = hash
    }

    /// Returns when all that was written before the call is on disk. Those who come while a sync is under way share the next
    /// one: the first of them makes it for all.
    ///
    /// - Throws: what a sync of this file failed with, now or before. The kernel reports a lost write once and then calls the
    ///   same pages clean. So after one failure nothing that was written through this descriptor may be called durable
    ///   (https://www.sqlite.org/atomiccommit.html, section 9.2; LWN "PostgreSQL's fsync() surprise"): its writers start
    ///   again with a fresh one.
    func sync() async throws {
        guard try await turn() == .lead else { return }
        // Those who came until now; who comes from here on can't be sure that this sync has their bytes.
        let followers = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        do {
            if let failure = state.withLock({ $0.failure }) { throw failure }
            try await staging.sync()
            for follower in followers { follower.resume(returning: .synced) }
            handOver()
        } catch {
            state.withLock { $0.failure = error }
            for follower in followers { follower.resume(throwing: error) }
            handOver()
            throw error
        }
    }

    private func turn() async throws -> Turn {
        try await withCheckedThrowingContinuation { waiter in
            let leads = state.withLock { state in
                if state.isSyncing { state.waiting.append(waiter) }
                defer { state.isSyncing = true }
                return !state.isSyncing
            }
            if leads { waiter.resume(returning: .lead) }
        }
    }

    /// Lets the first who waits make the next sync.
    private func handOver() {
        let next: Waiter? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isSyncing = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume(returning: .lead)
    }

    /// How many wait for a sync that has not begun, for tests.
    var waiters: Int { state.withLock { $0.waiting.count } }
}
