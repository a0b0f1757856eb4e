import Blocking
import GRDB
import GRDBSQLite
import Synchronization
import UploadCore

/// Group commit: one transaction is under way at a time, and all changes that are asked for meanwhile share the next one,
/// each in a savepoint of its own.
///
/// A COMMIT costs a sync of the disk, whatever is in it. So the batch sizes itself: one change where the service is idle,
/// many where the disk is the bottleneck. A change that fails takes its own rows along and leaves the others alone.
/// Whose change finds no transaction under way makes the COMMIT where it is, if it may block there: no thread is woken
/// for it.
final class GroupCommit: Sendable {
    /// Something to be changed.
    struct Change: Sendable {
        /// How long it waits for the write lock of another program.
        let deadline: ContinuousClock.Instant
        /// Makes the change inside of the transaction. What it returns is called once the COMMIT has happened.
        let make: @Sendable (Database) throws -> @Sendable () -> Void
        /// Called where the change was not made.
        let fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: [Change] = []
        var isRunning = false
    }

    /// The most changes in one transaction, so that none holds the write lock for long.
    private static let limit = 256

    private let pool: DatabasePool
    private let files: DatabaseFiles
    private let threads: IOThreads
    private let state = Mutex(State())

    /// - Parameter threads: where transactions happen for those who may not block.
    init(_ pool: DatabasePool, files: DatabaseFiles, threads: IOThreads) {
        self.pool = pool
        self.files = files
        self.threads = threads
    }

    /// Makes the changes with the first transactions that begin after the call.
    func submit(_ changes: [Change]) {
        let isFirst = state.withLock { state in
            state.waiting += changes
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        guard IOThreads.mayBlock else { return threads.submit { [self] in leadOn() } }
        // One transaction only: it may be a request that waits for its answer.
        lead()
        if hasMore() { threads.submit { [self] in leadOn() } }
    }

    private func leadOn() {
        repeat { lead() } while hasMore()
    }

    private func lead() {
        pool.writeWithoutTransaction { db in commit(next(), db) }
    }

    /// Whether more waits; else nobody leads any longer.
    private func hasMore() -> Bool {
        state.withLock { state in
            state.isRunning = !state.waiting.isEmpty
            return state.isRunning
        }
    }

    private func next() -> [Change] {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.limit))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func commit(_ batch: [Change], _ db: Database) {
        var open = begin(batch, db)
        guard !open.isEmpty else { return }
        let start = ContinuousClock.now
        var made: [(change: Change, tell: @Sendable () -> Void)] = []
        do {
            while let change = open.first {
                // It is told of a failure here, or with all that are left.
                if let tell = try make(change, isAlone: batch.count == 1, db) { made.append((change, tell)) }
                open.removeFirst()
            }
            try db.commit()
            try files.check()
        } catch {
            // What undid the changes is told; that undoing them failed too adds nothing, and the next BEGIN meets it.
            if db.isInsideTransaction { try? db.rollback() }
            return fail(made.map(\.change) + open, with: error)
        }
        let end = ContinuousClock.now
        for (_, tell) in made { tell() }
        CommitMeters.changes.record(made.count)
        CommitMeters.seconds.record(duration: end - start)
    }

    /// Begins a transaction for those who have the time to wait for it.
    ///
    /// - Returns: those; none where no transaction was begun.
    private func begin(_ batch: [Change], _ db: Database) -> [Change] {
        var open = batch
        while let earliest = open.map(\.deadline).min() {
            do {
                let rest = max(earliest - .now, .zero)
                sqlite3_busy_timeout(db.sqliteConnection, CInt(clamping: rest.milliseconds))
                try db.beginTransaction(.immediate)
                return open
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                fail(open.filter { $0.deadline <= earliest }, with: error)
                open.removeAll { $0.deadline <= earliest }
            } catch {
                fail(open, with: error)
                return []
            }
        }
        return []
    }

    /// - Returns: whom to tell after the COMMIT; `nil` for a change that failed by itself and knows it.
    /// - Throws: what undid the whole transaction.
    private func make(_ change: Change, isAlone: Bool, _ db: Database) throws -> (@Sendable () -> Void)? {
        guard !isAlone else { return try change.make(db) }
        try db.run("SAVEPOINT change", [])
        do {
            let tell = try change.make(db)
            try db.run("RELEASE change", [])
            return tell
        } catch {
            // A full disk, for one, may have rolled back everything
            // (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction").
            guard db.isInsideTransaction else { throw error }
            try db.run("ROLLBACK TO change", [])
            try db.run("RELEASE change", [])
            change.fail(error)
            return nil
        }
    }

    private func fail(_ changes: [Change], with error: any Error) {
        for change in changes { change.fail(error) }
    }
}
