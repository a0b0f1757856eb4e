/// Why an upload, or a call about one, ended without success. ``description`` is one sentence for the person who ran it.
public enum UploadFailure: Error, Equatable {
    /// The file can't be opened or read; `reason` comes from the operating system.
    case fileUnreadable(path: String, reason: String)
    /// Size or modification time changed since the upload began.
    case fileChanged(path: String)
    /// The other side answered with a code that trying again won't change.
    case refused(by: Party, retCode: String, status: String)
    /// The answer is none of the protocol's.
    case unexpectedAnswer(from: Party, detail: String)
    /// Nothing worked for as long as allowed.
    case gaveUp(after: Duration, reason: String)
    /// The server could not be asked, and the call is not one that is repeated.
    case unreachable(reason: String)
    /// The server closed the task in this state.
    case closed(TaskState)
    /// The server knows the task no longer, or closed it, and a new one met the same end.
    case taskLost(status: String)
    /// No upload of this file is remembered on this machine.
    case notRemembered(path: String)
    /// What is remembered about an upload can't be read or written.
    case stateUnusable(path: String, reason: String)
}

/// The two servers a client talks to.
public enum Party: String, Sendable {
    /// Knows the client and opens the upload.
    case business = "business server"
    /// Receives the bytes.
    case upload = "upload server"
}

extension UploadFailure: CustomStringConvertible {
    /// One English sentence, without a trailing full stop.
    public var description: String {
        switch self {
        case .fileUnreadable(let path, let reason):
            "\(path) can't be read: \(reason)"
        case .fileChanged(let path):
            "\(path) changed while it was being uploaded; run the command again to upload it as it is now"
        case .refused(let party, let retCode, let status):
            "the \(party.rawValue) refused (retCode \(retCode)): \(status)"
        case .unexpectedAnswer(let party, let detail):
            "the \(party.rawValue) gave an answer that is not the protocol's: \(detail)"
        case .gaveUp(let after, let reason):
            "gave up after \(after.components.seconds) s without success (\(reason)); "
                + "the same command goes on where this one ended"
        case .unreachable(let reason):
            "nothing was done: \(reason)"
        case .closed(.cancel):
            "the upload was cancelled"
        case .closed(.timeout):
            "the upload timed out on the server; run the command again to start it anew"
        case .closed(.fail):
            "the server received the whole file but could not complete it: its MD5 differs, or it can't be stored"
        case .closed(let state):
            "the upload is closed: \(state.rawValue)"
        case .taskLost(let status):
            "the server no longer takes this upload: \(status)"
        case .notRemembered(let path):
            "no unfinished upload of \(path) to this business server is remembered here"
        case .stateUnusable(let path, let reason):
            "what is remembered about the upload can't be used (\(path)): \(reason)"
        }
    }
}

/// A failure that may pass: the call is worth repeating.
struct TransientFailure: Error, Equatable {
    /// What went wrong, as a clause.
    let reason: String
    /// The least time the server asked to be left alone.
    var retryAfter: Duration?
}

/// The server answered that it has no such task (retCode 2) or has closed it (retCode 9).
struct TaskGone: Error, Equatable {
    let retCode: String
    let status: String
}
