/// Keeps work that nobody waits for to a tenth of the time, so that requests hardly notice it, however much it is.
///
/// Time is measured, not work: where the processor or the disk is busy with requests, a portion takes longer, and so does
/// the rest after it.
struct BackgroundPace {
    private static let restForWork = 9
    private static let shortestRest = Duration.milliseconds(10)

    private let clock: any ServiceClock
    private var begun: Duration

    /// Work begins now.
    init(_ clock: any ServiceClock) {
        self.clock = clock
        begun = clock.uptime
    }

    /// To be called between two portions, which should be of a few milliseconds.
    ///
    /// - Throws: `CancellationError`.
    mutating func rest() async throws {
        let worked = clock.uptime - begun
        try await clock.sleep(for: max(worked * Self.restForWork, Self.shortestRest))
        begun = clock.uptime
    }
}
