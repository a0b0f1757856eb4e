/// The life of a task. Every state is persisted; a process that dies in one finds it again at the next start.
///
/// ```
/// receiving ⇄ paused
///     │  all bytes held
/// verifying ──▶ publishing ──▶ finished
///     └────────────┴──────────▶ failed
/// receiving, paused, verifying ─▶ cancelled      receiving, paused ─▶ timedOut
/// verifying, publishing ─▶ receiving             only when staged bytes turn out to be gone
/// ```
/// The database enforces the same moves by a trigger; a test holds the two against each other.
public enum TaskState: String, Sendable, CaseIterable {
    /// Blocks are welcome.
    case receiving
    /// Blocks are refused until the client resumes.
    case paused
    /// All bytes are held; the whole file's MD5 is being checked.
    case verifying
    /// The MD5 matched; the file is on its way to its final path.
    case publishing
    /// The file is in place and durable. Closed.
    case finished
    /// The MD5 did not match, or the file could not be published. Closed.
    case failed
    /// The client cancelled. Closed.
    case cancelled
    /// No block came for too long. Closed.
    case timedOut

    /// Whether nothing can change any more.
    public var isClosed: Bool { successors.isEmpty }

    /// Whether every byte has been received.
    public var isComplete: Bool { self == .verifying || self == .publishing || self == .finished }

    /// The states this one may turn into.
    public var successors: Set<TaskState> {
        switch self {
        case .receiving: [.paused, .verifying, .cancelled, .timedOut]
        case .paused: [.receiving, .verifying, .cancelled, .timedOut]
        case .verifying: [.publishing, .failed, .cancelled, .receiving]
        case .publishing: [.finished, .failed, .receiving]
        case .finished, .failed, .cancelled, .timedOut: []
        }
    }

    /// The word for this state on the wire (contract, "GET blocksUrl").
    public var wireName: String {
        switch self {
        case .receiving: "upload"
        case .paused: "pause"
        case .verifying, .publishing: "verify"
        case .finished: "finish"
        case .failed: "fail"
        case .cancelled: "cancel"
        case .timedOut: "timeout"
        }
    }
}

/// What a client may ask of a task's state (contract, "POST stateUrl").
public enum StateRequest: String, Sendable, CaseIterable {
    /// Refuse blocks until resumed.
    case pause
    /// Take blocks again.
    case upload
    /// Give the task up: staged bytes are removed, the task is closed.
    case cancel

    /// The state that this asks for.
    public var target: TaskState {
        switch self {
        case .pause: .paused
        case .upload: .receiving
        case .cancel: .cancelled
        }
    }
}

extension TaskState {
    /// Whether a client's request may move a task from this state, and why not.
    ///
    /// - Throws: ``UploadError`` with `alreadyInState`, `closed`, or `busy` while the complete file is being
    ///   verified or published and the request comes too late to change that.
    public func check(_ request: StateRequest) throws(UploadError) {
        if self == request.target {
            throw UploadError(.alreadyInState, "the task's status is already \(wireName)")
        }
        if isClosed { throw .closed(self) }
        if self == .publishing || (self == .verifying && request != .cancel) {
            throw UploadError(
                .busy, "the file is complete and being verified and published, status \(request) comes too late")
        }
    }
}
