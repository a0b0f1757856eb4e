/// Notices when the wall clock is set, and moves what is due with it: neither do all callbacks that wait become due at
/// once, nor do they wait a day longer.
public struct ClockWatch: Sendable {
    private static let interval = Duration.seconds(1)

    private let timeline: Timeline
    private let outbox: any CallbackOutbox
    private let longestPause: Duration
    private let clock: any ServiceClock
    private let observer: any UploadObserver
    private let outboxChanged: @Sendable () -> Void

    /// - Parameters:
    ///   - longestPause: between two attempts to deliver a callback.
    ///   - outboxChanged: called after what is due was moved.
    public init(
        _ timeline: Timeline, outbox: any CallbackOutbox, longestPause: Duration, clock: any ServiceClock,
        observer: any UploadObserver, outboxChanged: @escaping @Sendable () -> Void
    ) {
        self.timeline = timeline
        self.outbox = outbox
        self.longestPause = longestPause
        self.clock = clock
        self.observer = observer
        self.outboxChanged = outboxChanged
    }

    /// Looks every second until it is cancelled.
    public func run() async {
        var followed = Duration.zero
        while !Task.isCancelled {
            let jumped = timeline.look()
            if jumped != followed {
                do {
                    try await outbox.postpone(by: jumped - followed, longestPause: longestPause)
                    observer.observe(.clockJumped(by: jumped - followed))
                    followed = jumped
                    outboxChanged()
                } catch {
                    // The next look tries again.
                    observer.observe(.backgroundFailure("following the clock", error))
                }
            }
            do { try await clock.sleep(for: Self.interval) } catch { return }
        }
    }
}
