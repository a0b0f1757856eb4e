import UploadCore

/// What the admin API reads from and acts through.
public struct AdminDesk: Sendable {
    /// What operators ask of the database.
    public var queries: any OperatorQueries
    /// What they may do.
    public var operations: OperatorService
    /// The service at a glance, as of now.
    public var overview: @Sendable () async throws -> Overview
    /// Time.
    public var clock: any ServiceClock

    /// Memberwise.
    public init(
        queries: any OperatorQueries, operations: OperatorService,
        overview: @escaping @Sendable () async throws -> Overview, clock: any ServiceClock
    ) {
        self.queries = queries
        self.operations = operations
        self.overview = overview
        self.clock = clock
    }
}

/// The service at a glance, as `GET /api/overview` shows it.
public struct Overview: Sendable, Encodable {
    /// Callbacks that were not taken.
    public struct Callbacks: Sendable, Equatable, Encodable {
        /// Neither delivered nor given up.
        public var waiting: Int
        /// Given up.
        public var dead: Int
        /// When the first of those that wait was enqueued.
        @OrNull public var oldestWaitingAt: Timestamp?

        /// Memberwise.
        public init(waiting: Int, dead: Int, oldestWaitingAt: Timestamp?) {
            self.waiting = waiting
            self.dead = dead
            self.oldestWaitingAt = oldestWaitingAt
        }
    }

    /// The program's, with its commit.
    public var version: String
    /// When this was measured.
    public var now: Timestamp
    /// When the process began to serve.
    public var startedAt: Timestamp
    /// Whether the service can do its work.
    public var ready: Bool
    /// Why not.
    public var reasons: [String]
    /// Open tasks by state.
    public var openTasks: [String: Int]
    /// The sizes of their files, in bytes.
    public var promisedBytes: Int64
    /// What they have not received yet, in bytes.
    public var missingBytes: Int64
    /// Room on the disk of `tmpDir`, in bytes; `nil` when it can't be measured.
    @OrNull public var freeBytes: Int64?
    /// The outbox.
    public var callbacks: Callbacks
    /// Bytes of blocks that became durable since the start.
    public var receivedBytes: Int64
    /// Blocks that did.
    public var receivedBlocks: Int64

    /// Memberwise.
    public init(
        version: String, now: Timestamp, startedAt: Timestamp, reasons: [String], openTasks: [TaskState: Int],
        promisedBytes: Int64, missingBytes: Int64, freeBytes: Int64?, callbacks: Callbacks, receivedBytes: Int64,
        receivedBlocks: Int64
    ) {
        self.version = version
        self.now = now
        self.startedAt = startedAt
        ready = reasons.isEmpty
        self.reasons = reasons
        self.openTasks = [:]
        for state in TaskState.allCases where !state.isClosed { self.openTasks[state.rawValue] = openTasks[state] ?? 0 }
        self.promisedBytes = promisedBytes
        self.missingBytes = missingBytes
        self.freeBytes = freeBytes
        self.callbacks = callbacks
        self.receivedBytes = receivedBytes
        self.receivedBlocks = receivedBlocks
    }
}
