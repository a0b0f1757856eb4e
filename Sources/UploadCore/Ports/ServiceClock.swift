/// Time as the service sees it, so that tests can turn the hands.
public protocol ServiceClock: Sendable {
    /// The wall clock, for what is stored.
    var now: Timestamp { get }

    /// Time since some fixed moment, for measuring: it only goes forward, and jumps of the wall clock don't touch it.
    var uptime: Duration { get }

    /// Waits for that long on a clock which jumps of the wall clock don't touch.
    ///
    /// - Throws: `CancellationError`.
    func sleep(for duration: Duration) async throws
}
