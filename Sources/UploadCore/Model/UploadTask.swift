/// What a business server asks for: one file of known size and MD5, to be stored under a path.
public struct Registration: Sendable, Equatable {
    /// The configured identity of the business server; never its token.
    public var businessServer: String
    /// The uploading user, as the business server names them.
    public var userID: String
    /// The folder for the finished file, as it was sent.
    public var storePath: String
    /// One path component.
    public var fileName: String
    /// Bytes, 0 or more.
    public var fileSize: Int64
    /// The MD5 that the whole file must have.
    public var fileMD5: MD5Digest
    /// JSON text which goes back in the callback byte for byte; `nil` when none was sent.
    public var feedback: String?

    /// Memberwise.
    public init(
        businessServer: String, userID: String, storePath: String, fileName: String, fileSize: Int64,
        fileMD5: MD5Digest, feedback: String?
    ) {
        self.businessServer = businessServer
        self.userID = userID
        self.storePath = storePath
        self.fileName = fileName
        self.fileSize = fileSize
        self.fileMD5 = fileMD5
        self.feedback = feedback
    }
}

/// An upload task as it stands in the database. (The contract says "task"; the bare name is Swift's own.)
public struct UploadTask: Sendable, Equatable {
    /// The task's public number.
    public var id: TaskID
    /// Where it stands.
    public var state: TaskState
    /// What was asked for.
    public var registration: Registration
    /// The absolute final path, resolved when the task was registered.
    public var targetPath: String
    /// The generation of the secret that its key is made with (``TaskKeys``), 1 or more.
    public var keyGeneration: Int
    /// Bytes held, durable.
    public var receivedBytes: Int64
    /// One sentence on why the task closed; empty while it is open.
    public var reason: String
    /// When it was registered.
    public var createdAt: Timestamp
    /// The last block, pause, resume or registration; what the timeouts count from.
    public var activeAt: Timestamp

    /// Memberwise.
    public init(
        id: TaskID, state: TaskState, registration: Registration, targetPath: String, keyGeneration: Int,
        receivedBytes: Int64, reason: String, createdAt: Timestamp, activeAt: Timestamp
    ) {
        self.id = id
        self.state = state
        self.registration = registration
        self.targetPath = targetPath
        self.keyGeneration = keyGeneration
        self.receivedBytes = receivedBytes
        self.reason = reason
        self.createdAt = createdAt
        self.activeAt = activeAt
    }

    /// Whether it is worth a COMMIT of its own that somebody works on it at `time`: no more than twice a second is.
    public func isActivity(at time: Timestamp) -> Bool { time.since(activeAt) >= .milliseconds(500) }
}
