/// A run of bytes that has been received, verified and is durable: one row of `blocks`.
///
/// A client's block which overlaps held bytes becomes one row for each part that was missing, so the rows of a task
/// never overlap and `md5` is always the digest of exactly the row's bytes.
public struct Block: Hashable, Sendable {
    /// The bytes of the file.
    public var range: ByteRange
    /// Their MD5.
    public var md5: MD5Digest

    /// Memberwise.
    public init(range: ByteRange, md5: MD5Digest) {
        self.range = range
        self.md5 = md5
    }
}

/// The rows that one request adds to a task.
public struct ReceivedBlock: Sendable {
    /// The task.
    public var taskID: TaskID
    /// The parts which were missing, ascending, disjoint; never empty.
    public var pieces: [Block]
    /// How far the file's MD5 has come meanwhile; `nil` when that is written already.
    public var hash: FileHashState?

    /// Memberwise.
    public init(taskID: TaskID, pieces: [Block], hash: FileHashState? = nil) {
        self.taskID = taskID
        self.pieces = pieces
        self.hash = hash
    }
}

/// What the COMMIT made of a task.
public struct CommittedBlock: Sendable, Equatable {
    /// The state after the commit: `verifying` when this block completed the file.
    public var state: TaskState
    /// Bytes held after the commit.
    public var receivedBytes: Int64

    /// Memberwise.
    public init(state: TaskState, receivedBytes: Int64) {
        self.state = state
        self.receivedBytes = receivedBytes
    }
}
