/// Something that takes a while.
public enum Activity: String, Sendable {
    /// Reading the file for its MD5.
    case hashing
    /// Sending blocks.
    case uploading
    /// Waiting for the server to check and store the file.
    case verifying
}

/// Is told how an upload gets on. Called from many tasks and threads at a time.
public protocol ProgressReporter: Sendable {
    /// An activity begins, or its position is known anew: `done` of `total` bytes.
    func begin(_ activity: Activity, name: String, total: Int64, done: Int64)
    /// So many bytes more; fewer, when negative, since bytes must be sent again.
    func advance(by bytes: Int64)
    /// Something worth a line of its own.
    func notice(_ text: String)
    /// The activity ended; the display is cleared.
    func end()
}

/// Says nothing.
public struct SilentProgress: ProgressReporter {
    /// Makes one.
    public init() {}
    /// Ignored.
    public func begin(_ activity: Activity, name: String, total: Int64, done: Int64) {}
    /// Ignored.
    public func advance(by bytes: Int64) {}
    /// Ignored.
    public func notice(_ text: String) {}
    /// Ignored.
    public func end() {}
}
