import Synchronization

/// Tells how long ago something was, though the wall clock jumps.
///
/// What is stored bears the wall clock's time. While the process runs, this holds it against a clock that only ever goes
/// on: where the two part, the wall clock was set. Stored times of before are then read in the light of before.
public final class Timeline: Sendable {
    /// A stretch of time in which the wall clock was not set.
    private struct Stretch {
        /// Uptime at its beginning.
        var start: Duration
        /// Wall clock minus uptime in milliseconds, at the last look.
        var offset: Int64
    }

    private struct State {
        var stretches: [Stretch]
        var jumped: Int64 = 0
    }

    /// Less than this is adjustment, not a jump. A look comes every second.
    private static let tolerance: Int64 = 2_000

    private let clock: any ServiceClock
    private let state: Mutex<State>

    /// Begins now.
    public init(_ clock: any ServiceClock) {
        self.clock = clock
        state = Mutex(State(stretches: [Self.stretch(clock)]))
    }

    /// Since when the timeline exists.
    public var age: Duration { clock.uptime - state.withLock { $0.stretches[0].start } }

    /// Compares the clocks; to be called about once a second.
    ///
    /// - Returns: the sum of all jumps so far, forward ones positive.
    @discardableResult
    public func look() -> Duration {
        state.withLock { state in
            let now = Self.stretch(clock)
            let last = state.stretches.count - 1
            let difference = now.offset - state.stretches[last].offset
            if abs(difference) > Self.tolerance {
                state.jumped += difference
                state.stretches.append(now)
            } else {
                state.stretches[last].offset = now.offset
            }
            return .milliseconds(state.jumped)
        }
    }

    /// The earliest that the wall clock has shown for that long ago, then or at any time since: what happened before is
    /// older, and what happened since is never taken for older than it is, however often the clock was set meanwhile.
    public func instant(ago duration: Duration) -> Timestamp {
        look()
        let then = clock.uptime - duration
        return state.withLock { state in
            let first = state.stretches.lastIndex { $0.start <= then } ?? 0
            let earliest = state.stretches[first...].reduce(Int64.max) { min($0, $1.offset) }
            return Timestamp(milliseconds: then.milliseconds + earliest)
        }
    }

    /// The two clocks at one moment, as far as that can be had: where the thread has to wait between two looks at them, on a
    /// machine that is busy, the wait is no jump.
    private static func stretch(_ clock: any ServiceClock) -> Stretch {
        var (stretch, gap) = look(clock)
        for _ in 0..<retries where gap > closeEnough {
            let next = look(clock)
            if next.gap < gap { (stretch, gap) = next }
        }
        return stretch
    }

    private static func look(_ clock: any ServiceClock) -> (stretch: Stretch, gap: Duration) {
        let uptime = clock.uptime
        let now = clock.now
        return (Stretch(start: uptime, offset: now.milliseconds - uptime.milliseconds), clock.uptime - uptime)
    }

    private static let retries = 10
    private static let closeEnough = Duration.milliseconds(5)
}
