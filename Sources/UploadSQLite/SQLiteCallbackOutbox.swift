import Foundation
import GRDB
import UploadCore

/// ``CallbackOutbox`` on SQLite.
public struct SQLiteCallbackOutbox: CallbackOutbox {
    let database: UploadDatabase

    /// The outbox in this database.
    public init(_ database: UploadDatabase) {
        self.database = database
    }

    /// One transaction over the index of claims.
    public func releaseAllClaims() async throws -> Int {
        try await database.write { db in
            try db.run(Statements.releaseAllClaims, [])
            return db.changesCount
        }
    }

    /// One transaction, through the index of due rows.
    public func readdress(to destinations: [String: String]) async throws {
        try await database.write { db in
            for (identity, url) in destinations {
                try db.run(Statements.readdress, [url, identity, url])
            }
        }
    }

    /// One transaction over the index of pending rows.
    public func postpone(by duration: Duration, longestPause: Duration) async throws {
        let seconds = String(format: "%+.3f seconds", Double(duration.milliseconds) / 1000)
        try await database.write { db in
            // Read inside of the transaction: what was written before it is certainly not later.
            let now = database.now()
            try db.run(
                Statements.postpone, [now.description, seconds, now.advanced(by: longestPause).description])
        }
    }

    /// One snapshot; jumps through the index from one business server to the next.
    public func pendingDestinations() async throws -> [PendingDestination] {
        try await database.read { db in
            try db.rows(Statements.pendingDestinations, []).map { row in
                PendingDestination(
                    businessServer: row["name"], dueAt: try row.decode("due", of: "callbacks") { Timestamp($0) })
            }
        }
    }

    /// One statement claims and returns the rows.
    public func claimDue(for businessServer: String, at now: Timestamp, limit: Int) async throws -> [Callback] {
        let claimed = try await database.write { db in
            // RETURNING promises no order (https://www.sqlite.org/lang_returning.html, section 3).
            try db.rows(Statements.claimDue, [businessServer, now.description, limit])
                .map { (due: $0["next_attempt_at"] as String, callback: try Callback(row: $0)) }
                .sorted { ($0.due, $0.callback.id) < ($1.due, $1.callback.id) }
                .map(\.callback)
        }
        if !claimed.isEmpty { FaultPoint.reach(.callbackClaimed) }
        return claimed
    }

    /// One transaction: the attempt's row and the callback's new state.
    public func record(_ attempt: CallbackAttempt, of callback: Callback) async throws {
        let state: String
        var nextAttempt: String?
        var settledAt: String?
        let end = attempt.startedAt.advanced(by: attempt.duration)
        switch attempt.verdict {
        case .delivered: (state, settledAt) = ("delivered", end.description)
        case .dead: (state, settledAt) = ("dead", end.description)
        case .retry(let time): (state, nextAttempt) = ("pending", time.description)
        }
        try await database.write { [nextAttempt, settledAt] db in
            try db.run(
                Statements.insertAttempt,
                [
                    callback.id, callback.attempt, attempt.startedAt.description, attempt.duration.milliseconds,
                    attempt.status, attempt.error,
                ])
            FaultPoint.reach(.attemptInTransaction)
            try db.run(
                Statements.settleCallback,
                [state, nextAttempt, attempt.status, attempt.error, settledAt, callback.id])
        }
        FaultPoint.reach(.attemptRecorded)
    }

    /// One transaction: pending again, the attempt uncounted.
    public func release(_ callback: Callback) async throws {
        try await database.write { db in try db.run(Statements.releaseCallback, [callback.id]) }
    }
}
