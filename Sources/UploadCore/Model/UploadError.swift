/// The closed catalogue of what can go wrong, as the contract's table of `retCode`s has it.
///
/// Only this module decides codes; adapters translate their own errors into it at their border.
public struct UploadError: Error, Sendable, CustomStringConvertible {
    /// One `retCode` of the contract. (Code 1 also means "stored, but ranges are missing"; that is no error.)
    public enum Code: String, Sendable, CaseIterable {
        /// The token is not authorised.
        case unauthorised = "1"
        /// No such task, or its key is wrong.
        case noSuchTask = "2"
        /// Disk full, or a file can't be created.
        case storage = "3"
        /// The task is paused.
        case paused = "4"
        /// The task already is in the state asked for.
        case alreadyInState = "5"
        /// A parameter is missing or malformed.
        case invalidParameter = "6"
        /// The bytes don't have the MD5 that was declared.
        case checksumMismatch = "7"
        /// The range is outside of the file, or the body's length differs from it.
        case rangeWrong = "8"
        /// The task is closed.
        case closed = "9"
        /// Larger than a configured limit.
        case tooLarge = "10"
        /// Busy; the same request may succeed later.
        case busy = "11"
        /// A fault of ours.
        case internalError = "20"
    }

    /// What kind of failure.
    public let code: Code
    /// One English sentence for the caller: names the parameter, never carries a path, token or key.
    public let message: String
    /// What caused it, for the log only.
    public let cause: (any Error)?
    /// Whether the request was cut off in the middle of its body: its connection is of no more use.
    public private(set) var endsConnection = false
    /// In how many seconds the same request may succeed, for `busy`: at least 1.
    public private(set) var retryAfter = 1

    /// Memberwise.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    func endingConnection() -> UploadError {
        var error = self
        error.endsConnection = true
        return error
    }

    /// Code, sentence and cause: for logs, never for the wire.
    public var description: String {
        "retCode \(code.rawValue): \(message)" + (cause.map { " (\($0))" } ?? "")
    }
}

extension UploadError {
    /// A limit on how often something may be done; `wait` is rounded up to seconds for the caller.
    static func tooOften(_ message: String, wait: Duration) -> UploadError {
        var error = UploadError(.busy, message)
        let (seconds, rest) = wait.components
        error.retryAfter = max(1, Int(clamping: rest > 0 ? seconds + 1 : seconds))
        return error
    }

    /// A parameter that is missing or malformed, by its name on the wire, and what it has to be.
    public static func invalid(_ parameter: String, _ problem: String) -> UploadError {
        UploadError(.invalidParameter, "\(parameter) \(problem)")
    }

    /// No such task, or the key is wrong: the two can't be told apart.
    public static let noSuchTask = UploadError(.noSuchTask, "no such task, or its key is wrong")

    /// The task is closed; the sentence says how.
    public static func closed(_ state: TaskState) -> UploadError {
        UploadError(.closed, "the task is closed, its status is \(state.wireName)")
    }

    /// The task is paused.
    public static let paused = UploadError(.paused, "the task is paused, set its status to upload first")

    /// A newer request for the same bytes took over.
    public static let superseded = UploadError(.busy, "a newer request for this range took over")

    /// The body ended before everything that was declared had come.
    public static let interrupted = UploadError(.rangeWrong, "file ended before all declared bytes had arrived")

    /// The server is going down; the same request will be served after the restart.
    public static let shuttingDown = UploadError(.busy, "the server is shutting down, send the block again in a moment")
}
