import Logging
import Synchronization

/// Counts connections, and says which of them are served.
final class Admissions: Sendable {
    enum Verdict {
        /// Served.
        case serve
        /// Told that there are too many.
        case refuse
        /// Closed without a word: too many are being told already.
        case drop
    }

    private struct State {
        var served = 0
        var refused = 0
        var isFull = false
    }

    private let limit: Int
    private let logger: Logger
    private let state = Mutex(State())

    init(limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// A connection came. ``leave(_:)`` has to follow when it has ended.
    func enter() -> Verdict {
        let (verdict, becameFull) = state.withLock { state -> (Verdict, Bool) in
            if state.served < limit {
                state.served += 1
                return (.serve, false)
            }
            defer { state.isFull = true }
            guard state.refused < ConnectionLimits.refusals else { return (.drop, !state.isFull) }
            state.refused += 1
            return (.refuse, !state.isFull)
        }
        if becameFull {
            logger.warning("all connections are in use, new ones are refused", metadata: ["maxConnections": "\(limit)"])
        }
        return verdict
    }

    /// A connection ended.
    func leave(_ verdict: Verdict) {
        state.withLock { state in
            switch verdict {
            case .serve: state.served -= 1
            case .refuse: state.refused -= 1
            case .drop: break
            }
            // With some distance, so that a server on the edge does not fill its log.
            if state.served <= limit - limit / 8 { state.isFull = false }
        }
    }
}
