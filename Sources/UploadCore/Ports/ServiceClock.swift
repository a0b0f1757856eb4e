/// Time as the service sees it, so that tests can turn the hands.
public protocol ServiceClock: Sendable {
    /// The wall clock, for what is stored.
    var now: Timestamp { get }

    /// Time since some moment in the past, on a clock that nobody sets and that stands still while the machine sleeps:
    /// nobody can upload then either.
    var uptime: Duration { get }

    /// Waits for that long on a clock which jumps of the wall clock don't touch.
    ///
    /// - Throws: `CancellationError`.
    func sleep(for duration: Duration) async throws
}
