/// Where a callback stands.
public enum CallbackState: String, Sendable, CaseIterable, Encodable {
    /// It waits until it is due.
    case pending
    /// The server is sending it.
    case sending
    /// It was taken.
    case delivered
    /// It was given up.
    case dead
}

/// A callback as operators see it. It encodes as the admin API shows it.
public struct CallbackRecord: Sendable, Equatable, Encodable {
    /// The row's number, in the order of enqueueing.
    public var id: Int64
    /// The task whose end it tells.
    public var taskId: TaskID
    /// The same on every attempt.
    public var webhookId: String
    /// The configured identity of the receiver.
    public var businessServer: String
    /// The URL it goes to.
    public var destination: String
    /// Where it stands.
    public var state: CallbackState
    /// Attempts begun so far.
    public var attempts: Int
    /// When it is due; only while it waits.
    @OrNull public var nextAttemptAt: Timestamp?
    /// The HTTP status of the last attempt.
    @OrNull public var lastStatus: Int?
    /// Why the last attempt failed.
    @OrNull public var lastError: String?
    /// When the task closed.
    public var createdAt: Timestamp
    /// When it was delivered or given up.
    @OrNull public var settledAt: Timestamp?
    /// How the task ended, as the receiver is told.
    public var retCode: String

    /// Memberwise.
    public init(
        id: Int64, taskId: TaskID, webhookId: String, businessServer: String, destination: String,
        state: CallbackState, attempts: Int, nextAttemptAt: Timestamp?, lastStatus: Int?, lastError: String?,
        createdAt: Timestamp, settledAt: Timestamp?, retCode: String
    ) {
        self.id = id
        self.taskId = taskId
        self.webhookId = webhookId
        self.businessServer = businessServer
        self.destination = destination
        self.state = state
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastStatus = lastStatus
        self.lastError = lastError
        self.createdAt = createdAt
        self.settledAt = settledAt
        self.retCode = retCode
    }
}

/// Callbacks of one question, as many as were asked for.
public struct CallbackList: Sendable, Equatable, Encodable {
    /// The newest first.
    public var callbacks: [CallbackRecord]
    /// Whether there are others after them.
    public var more: Bool

    /// The first `limit` of those that were found, of which there may be one more.
    public init(_ found: [CallbackRecord], limit: Int) {
        callbacks = Array(found.prefix(limit))
        more = found.count > limit
    }
}

/// A callback with its body and its attempts.
public struct CallbackReport: Sendable, Equatable {
    /// One attempt.
    public struct Attempt: Sendable, Equatable, Encodable {
        /// 1, 2, …
        public var attempt: Int
        /// When it was sent.
        public var startedAt: Timestamp
        /// Until the answer, or until it was given up, in milliseconds.
        public var durationMs: Int
        /// The HTTP status; `nil` when there was no answer.
        @OrNull public var status: Int?
        /// Why it failed; `nil` when it did not.
        @OrNull public var error: String?

        /// Memberwise.
        public init(attempt: Int, startedAt: Timestamp, durationMs: Int, status: Int?, error: String?) {
            self.attempt = attempt
            self.startedAt = startedAt
            self.durationMs = durationMs
            self.status = status
            self.error = error
        }
    }

    /// The callback.
    public var callback: CallbackRecord
    /// The JSON text that is sent, byte for byte.
    public var body: String
    /// In order.
    public var attempts: [Attempt]

    /// Memberwise.
    public init(callback: CallbackRecord, body: String, attempts: [Attempt]) {
        self.callback = callback
        self.body = body
        self.attempts = attempts
    }
}

/// Which callbacks; the newest first.
public struct CallbackQuery: Sendable, Equatable {
    /// The states they may be in.
    public var states = Self.undelivered
    /// Only to this business server.
    public var businessServer: String?
    /// Only those that were enqueued then or later.
    public var since: Timestamp?
    /// Only those that were enqueued before.
    public var to: Timestamp?
    /// At most so many, 1 or more.
    public var limit = 100
    /// After so many.
    public var offset = 0

    /// The states of callbacks that were not taken.
    public static let undelivered: Set<CallbackState> = [.pending, .sending, .dead]

    /// All that were not taken.
    public init() {}

    /// The states that a word stands for: one of ``CallbackState``'s, `undelivered` or `all`; `nil` for another word.
    public static func states(_ word: String) -> Set<CallbackState>? {
        switch word {
        case "all": Set(CallbackState.allCases)
        case "undelivered": undelivered
        default: CallbackState(rawValue: word).map { [$0] }
        }
    }
}

/// Which callbacks are to be sent once more.
public enum ReplaySelection: Sendable, Equatable {
    /// These rows, whatever their state.
    case ids([Int64])
    /// Those in these states that were enqueued at `since` or later, and before `to` where that is given.
    case span(since: Timestamp, to: Timestamp?, states: Set<CallbackState>, businessServer: String?)
}

extension ReplaySelection: Encodable {
    private enum Keys: CodingKey {
        case ids, since, to, state, businessServer
    }

    /// As the admin API takes it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        switch self {
        case .ids(let ids):
            try container.encode(ids, forKey: .ids)
        case .span(let since, let to, let states, let businessServer):
            try container.encode(since, forKey: .since)
            try container.encodeIfPresent(to, forKey: .to)
            try container.encode(states.count == 1 ? states.first?.rawValue : "all", forKey: .state)
            try container.encodeIfPresent(businessServer, forKey: .businessServer)
        }
    }

    /// The states that a word stands for; `nil` for one that says nothing about what is settled.
    public static func states(_ word: String) -> Set<CallbackState>? {
        replayable.contains(word) ? CallbackQuery.states(word) : nil
    }

    /// The words that ``states(_:)`` knows.
    public static let replayable = ["dead", "delivered", "all"]
}

/// What became of a selection.
public struct ReplayOutcome: Sendable, Equatable, Codable {
    /// So many are due now.
    public var replayed: Int
    /// So many are being sent at this moment, and were left alone.
    public var left: Int

    /// Memberwise.
    public init(replayed: Int, left: Int) {
        self.replayed = replayed
        self.left = left
    }
}
