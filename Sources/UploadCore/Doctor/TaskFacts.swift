/// What the rows say about one task, as of one instant.
public struct TaskFacts: Sendable, Equatable {
    /// What a task's block rows add up to.
    public struct Rows: Sendable, Equatable {
        /// How many there are.
        public var count = 0
        /// Their bytes, counted row by row.
        public var bytes: Int64 = 0
        /// The end (exclusive) of the last one.
        public var end: Int64 = 0
        /// Rows that begin before an earlier one ends.
        public var overlapping = 0
        /// Rows that end outside of the file.
        public var outside = 0

        /// No rows.
        public init() {}
    }

    /// A task's callback.
    public struct Callback: Sendable, Equatable {
        /// Where it stands, as the table has it.
        public enum State: String, Sendable {
            /// Waits.
            case pending
            /// Is being sent by a server, or was when that died.
            case sending
            /// Delivered.
            case delivered
            /// Given up.
            case dead
        }

        /// Where it stands.
        public var state: State
        /// Attempts begun, as the row counts them.
        public var attempts: Int
        /// The number of the last attempt that was written down; 0 when none was.
        public var lastAttempt: Int
        /// Whether an attempt was answered with a 2xx.
        public var wasAccepted: Bool

        /// Memberwise.
        public init(state: State, attempts: Int, lastAttempt: Int, wasAccepted: Bool) {
            self.state = state
            self.attempts = attempts
            self.lastAttempt = lastAttempt
            self.wasAccepted = wasAccepted
        }
    }

    /// The task's row.
    public var task: UploadTask
    /// The end (exclusive) of the last byte held, as the row counts it.
    public var heldEnd: Int64
    /// When it was closed; `nil` while it is open.
    public var closedAt: Timestamp?
    /// What its block rows add up to.
    public var rows: Rows
    /// Its callbacks; never more than one.
    public var callbacks: [Callback]
    /// The kinds of its events that tell of an end, in their order.
    public var ends: [String]
    /// Whether it failed after its MD5 had been verified.
    public var wasVerified: Bool

    /// Memberwise.
    public init(
        task: UploadTask, heldEnd: Int64, closedAt: Timestamp?, rows: Rows, callbacks: [Callback], ends: [String],
        wasVerified: Bool
    ) {
        self.task = task
        self.heldEnd = heldEnd
        self.closedAt = closedAt
        self.rows = rows
        self.callbacks = callbacks
        self.ends = ends
        self.wasVerified = wasVerified
    }

    var id: TaskID { task.id }
    var state: TaskState { task.state }
    var fileSize: Int64 { task.registration.fileSize }
    var takesBlocks: Bool { state == .receiving || state == .paused }

    /// The callback's code for how the task ended; `nil` while it is open.
    var callbackCode: CallbackCode? {
        switch state {
        case .receiving, .paused, .verifying, .publishing: nil
        case .finished: .finished
        case .failed: wasVerified ? .unpublishable : .checksumMismatch
        case .cancelled: .cancelled
        case .timedOut: .timedOut
        }
    }

    /// What a look at the task's files rests on. While it stays the same, the files stand for the same.
    var footing: Footing {
        Footing(state: takesBlocks ? .receiving : state, callbacks: callbacks)
    }

    struct Footing: Equatable {
        var state: TaskState
        var callbacks: [Callback]
    }
}
