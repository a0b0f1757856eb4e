/// What monitoring wants to know of everything that is remembered, as of one instant.
public struct ServiceFigures: Sendable, Equatable {
    /// Open tasks by state; a state without any may be left out.
    public var openTasks: [TaskState: Int] = [:]
    /// The sizes of their files, in bytes.
    public var promisedBytes: Int64 = 0
    /// What they have not received yet, in bytes.
    public var missingBytes: Int64 = 0
    /// Callbacks that are neither delivered nor given up.
    public var waitingCallbacks = 0
    /// Those of them that are being sent, or are about to.
    public var sendingCallbacks = 0
    /// Callbacks that were given up.
    public var deadCallbacks = 0
    /// When the first of those that wait was enqueued; `nil` when none waits.
    public var oldestWaiting: Timestamp?
    /// When the first of those that wait, and are not being sent, was or will be due; `nil` when there is none.
    public var nextDue: Timestamp?

    /// Of a service that has nothing to do.
    public init() {}

    /// Callbacks that have been due for so long while none was being sent: nobody works on the outbox any more.
    public static let patience = Duration.seconds(300)

    /// Whether the outbox is left alone though there is something to be sent.
    public func isOutboxStuck(at now: Timestamp) -> Bool {
        guard sendingCallbacks == 0, let nextDue else { return false }
        return nextDue.advanced(by: Self.patience) < now
    }
}

/// Where the figures come from. Reading them writes nothing and waits for no writer; what it takes does not grow with the
/// number of tasks that are closed.
public protocol FigureSource: Sendable {
    /// The figures now.
    ///
    /// - Throws: what reading the database throws.
    func figures() async throws -> ServiceFigures
}
