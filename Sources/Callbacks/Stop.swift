/// How the worker's parts hear that it ends.
struct Stop: Sendable {
    /// Raised when the end is asked for: nothing new begins.
    let requested = Signal()
    /// Raised when the grace is over: attempts in flight are broken off.
    let cut = Signal()
}
