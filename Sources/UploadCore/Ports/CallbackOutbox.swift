/// The rows of the outbox, as the delivery worker sees them. They are enqueued by ``TaskRepository/move(_:to:reason:callback:check:)``.
///
/// A claimed row belongs to the claimer until it records an attempt or releases it; a claim whose process died is
/// taken back by ``releaseAllClaims()`` at the next start, so a callback can be delivered twice but not never.
/// Every change is durable when its method returns. Errors are ``UploadError``s as in ``TaskRepository``.
public protocol CallbackOutbox: Sendable {
    /// Takes back every claim. Only before any worker runs.
    ///
    /// - Returns: how many there were.
    func releaseAllClaims() async throws -> Int

    /// Points the undelivered rows of each business server (by identity) to its present URL.
    func readdress(to destinations: [String: String]) async throws

    /// Moves the time at which every pending row is due, after the wall clock was set by as much.
    ///
    /// A row that was written after that, and before it was noticed, has its new time already, and is not told apart.
    /// So a row that was never attempted is due at once whatever its time, and none later than the longest pause from now.
    func postpone(by duration: Duration, longestPause: Duration) async throws

    /// The identities of the business servers that have undelivered rows, with the time when the earliest is due.
    func pendingDestinations() async throws -> [PendingDestination]

    /// Claims the rows of one business server that are due, earliest first, and counts the attempt.
    func claimDue(for businessServer: String, at now: Timestamp, limit: Int) async throws -> [Callback]

    /// Writes down an attempt and what follows from it.
    func record(_ attempt: CallbackAttempt, of callback: Callback) async throws

    /// Gives a claim back undone; the attempt does not count and the row is due at once.
    func release(_ callback: Callback) async throws

    /// Makes rows due now whatever became of them, to be sent again as they were, under the same `webhook-id`. Those that
    /// are being sent are left alone.
    ///
    /// Those of a stretch of time are replayed in portions, each durable by itself: an error leaves those that were before it.
    ///
    /// - Parameter destinations: the present URL of each business server by identity; of another one, the row's own stays.
    /// - Throws: `noSuchTask` when an id names no row; nothing is replayed then.
    func replay(_ selection: ReplaySelection, to destinations: [String: String]) async throws -> ReplayOutcome
}

/// A business server with undelivered callbacks.
public struct PendingDestination: Sendable, Equatable {
    /// Its configured identity.
    public var businessServer: String
    /// When the earliest of its rows is due.
    public var dueAt: Timestamp

    /// Memberwise.
    public init(businessServer: String, dueAt: Timestamp) {
        self.businessServer = businessServer
        self.dueAt = dueAt
    }
}
