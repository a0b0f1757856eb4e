import Logging
import Synchronization

/// The level from which on lines are written, for all loggers at once: it may change while the server runs.
public final class LogThreshold: Sendable {
    private let current: Mutex<Logger.Level>

    /// - Parameter level: to begin with.
    public init(_ level: Logger.Level) {
        current = Mutex(level)
    }

    /// The least severe level that is written.
    public var level: Logger.Level {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
