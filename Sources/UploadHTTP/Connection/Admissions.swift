import Logging
import NIOCore
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
        var idle = IdleLine()
    }

    private let limit: Int
    private let logger: Logger
    private let state = Mutex(State())

    init(limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// A connection came. ``leave(_:)`` has to follow when it has ended.
    ///
    /// When all places are taken, the one that has been idle for longest is told to give up its own.
    func enter() -> Verdict {
        let (verdict, becameFull, idle) = state.withLock { state -> (Verdict, Bool, (any Channel)?) in
            if state.served < limit {
                state.served += 1
                return (.serve, false, nil)
            }
            // It may take a while to end, or have begun with a request by now.
            if state.served < limit + ConnectionLimits.overbooked, let idle = state.idle.takeFirst() {
                state.served += 1
                return (.serve, false, idle)
            }
            defer { state.isFull = true }
            guard state.refused < ConnectionLimits.refusals else { return (.drop, !state.isFull, nil) }
            state.refused += 1
            return (.refuse, !state.isFull, nil)
        }
        idle?.pipeline.fireUserInboundEventTriggered(PaceHandler.PlaceWanted())
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

    /// A connection that is served has been idle for a while: it may get ``PaceHandler/PlaceWanted``.
    ///
    /// - Returns: its number, to ``leaveLine(_:)`` with when it is not idle any more.
    func lineUp(_ channel: any Channel) -> Int {
        state.withLock { $0.idle.join(channel) }
    }

    /// Takes it out of the line, where it may not be any more.
    func leaveLine(_ number: Int) {
        state.withLock { $0.idle.leave(number) }
    }
}
