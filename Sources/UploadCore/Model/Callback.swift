/// How a task ended, as the business server is told (contract, "Callback").
public enum CallbackCode: String, Sendable, CaseIterable {
    /// The file is in place.
    case finished = "0"
    /// No block came for too long.
    case timedOut = "-1"
    /// The whole file does not have the registered MD5.
    case checksumMismatch = "-2"
    /// The client cancelled.
    case cancelled = "-3"
    /// The file could not be published.
    case unpublishable = "-4"
}

/// A callback that is about to be enqueued, in the transaction that closes its task.
public struct CallbackDraft: Sendable, Equatable {
    /// How the task ended.
    public var code: CallbackCode
    /// One sentence for people.
    public var status: String
    /// The URL it goes to, from the configuration; empty when the business server is no longer configured.
    public var destination: String

    /// Memberwise.
    public init(_ code: CallbackCode, status: String, destination: String) {
        self.code = code
        self.status = status
        self.destination = destination
    }

    /// The JSON body as it is stored and sent, byte for byte the same on every attempt.
    public func body(for task: UploadTask) -> String {
        let registration = task.registration
        let data = code == .finished ? registration.feedback ?? "\"\"" : "\"\""
        return "{\"retCode\":\(jsonString(code.rawValue)),\"status\":\(jsonString(status)),\"data\":\(data)"
            + ",\"taskId\":\(task.id),\"userId\":\(jsonString(registration.userID))"
            + ",\"fileName\":\(jsonString(registration.fileName)),\"fileSize\":\(registration.fileSize)"
            + ",\"fileMd5\":\(jsonString(registration.fileMD5.description))"
            + ",\"storePath\":\(jsonString(registration.storePath))}"
    }
}

/// A row of the outbox that has been claimed for delivery.
public struct Callback: Sendable, Equatable {
    /// The row's number.
    public var id: Int64
    /// Stable over all attempts; the receiver's idempotency key (`webhook-id`).
    public var webhookID: String
    /// The task whose end it tells.
    public var taskID: TaskID
    /// The business server it goes to.
    public var businessServer: String
    /// The URL it is sent to.
    public var destination: String
    /// The JSON text to send.
    public var body: String
    /// The number of this attempt, from 1.
    public var attempt: Int
    /// When the row was enqueued; delivery is given up a configured time after that.
    public var createdAt: Timestamp

    /// Memberwise.
    public init(
        id: Int64, webhookID: String, taskID: TaskID, businessServer: String, destination: String, body: String,
        attempt: Int, createdAt: Timestamp
    ) {
        self.id = id
        self.webhookID = webhookID
        self.taskID = taskID
        self.businessServer = businessServer
        self.destination = destination
        self.body = body
        self.attempt = attempt
        self.createdAt = createdAt
    }
}

/// What came of one attempt.
public struct CallbackAttempt: Sendable, Equatable {
    /// What to do with the row now.
    public enum Verdict: Sendable, Equatable {
        /// A 2xx came back.
        case delivered
        /// Try again then.
        case retry(at: Timestamp)
        /// Given up; an operator may replay it.
        case dead
    }

    /// When it was sent.
    public var startedAt: Timestamp
    /// How long it took, to the millisecond.
    public var duration: Duration
    /// The HTTP status; `nil` when there was no answer.
    public var status: Int?
    /// Why it was no success; `nil` when it was one.
    public var error: String?
    /// What to do next.
    public var verdict: Verdict

    /// Memberwise.
    public init(startedAt: Timestamp, duration: Duration, status: Int?, error: String?, verdict: Verdict) {
        self.startedAt = startedAt
        self.duration = duration
        self.status = status
        self.error = error
        self.verdict = verdict
    }
}
