import Logging
import ServiceLifecycle
import UploadCore

/// Delivers the callbacks of the outbox: claims, posts, writes down, at least once each (contract, "Callback").
///
/// Every business server has its own lane with its own slots, so one that hangs holds up no other. What an earlier
/// process left claimed has to be taken back before, with ``CallbackOutbox/releaseAllClaims()``.
public struct CallbackWorker: Service {
    /// How long attempts in flight may go on after a graceful shutdown was asked for.
    private static let grace = Duration.seconds(3)

    /// Runs its argument with a transport that is open meanwhile.
    typealias TransportScope =
        @Sendable (_ body: @Sendable (any CallbackTransport) async -> Void) async throws -> Void

    private let outbox: any CallbackOutbox
    private let clock: any ServiceClock
    private let schedule: RetrySchedule
    private let concurrency: Int
    private let timeout: Duration
    private let signers: [String: WebhookSigner]
    private let log: DeliveryLog
    private let withTransport: TransportScope
    private let mailbox = Mailbox()
    private let stop = Stop()

    /// A worker that posts over HTTP. Nothing happens before ``run()``.
    ///
    /// - Parameters:
    ///   - outbox: whose rows are delivered; this is the only claimer.
    ///   - clock: decides what is due and measures timeouts.
    ///   - schedule: when failed callbacks are tried again.
    ///   - concurrency: how many callbacks to one business server are under way at once, at least 1.
    ///   - timeout: for a whole attempt, with connecting.
    ///   - secrets: the bytes of the signing key of each business server that has one, by identity.
    ///   - trust: what the certificates of https receivers have to lead to; `nil` for those of the system.
    ///   - logger: gets one line for each attempt.
    public init(
        outbox: any CallbackOutbox, clock: any ServiceClock, schedule: RetrySchedule = .standard,
        concurrency: Int = 8, timeout: Duration = .seconds(15), secrets: [String: [UInt8]], trust: CallbackTrust? = nil,
        logger: Logger
    ) {
        self.init(
            outbox: outbox, clock: clock, schedule: schedule, concurrency: concurrency, timeout: timeout,
            secrets: secrets, logger: logger,
            withTransport: { body in
                try await HTTPCallbackTransport.with(timeout: timeout, trust: trust, clock: clock, body)
            })
    }

    init(
        outbox: any CallbackOutbox, clock: any ServiceClock, schedule: RetrySchedule, concurrency: Int,
        timeout: Duration, secrets: [String: [UInt8]], logger: Logger, withTransport: @escaping TransportScope
    ) {
        self.outbox = outbox
        self.clock = clock
        self.schedule = schedule
        self.concurrency = max(concurrency, 1)
        self.timeout = timeout
        self.signers = secrets.mapValues(WebhookSigner.init(key:))
        self.log = DeliveryLog(logger: logger)
        self.withTransport = withTransport
    }

    /// Says that a row may have been enqueued, or become due earlier. Never blocks; many calls are as good as one.
    public func wake() {
        mailbox.wake()
    }

    /// Delivers until a graceful shutdown or a cancellation; to be called once.
    ///
    /// Then nothing more is claimed. After a graceful shutdown, attempts in flight have 3 s to end; those which don't,
    /// and all of them after a cancellation, are broken off and given back without being counted. No row stays claimed
    /// when this returns, except where the outbox itself refused; the log says so then.
    ///
    /// - Throws: what closing the connections throws. Failures of the outbox and of receivers are dealt with inside.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                // On a task of its own, out of reach of this one's cancellation: what was sent has to be written down.
                try await Task { try await withTransport(dispatch) }.value
            } onGracefulShutdown: {
                end(grace: Self.grace)
            }
        } onCancel: {
            end(grace: .zero)
        }
    }

    @Sendable private func dispatch(through transport: any CallbackTransport) async {
        let post = AttemptPost(transport: transport, clock: clock, timeout: timeout, signers: signers, stop: stop)
        let delivery = Delivery(
            outbox: outbox, clock: clock, schedule: schedule, post: post, slots: Gate(width: concurrency), stop: stop,
            log: log)
        // As many again are claimed and wait for a slot: none is idle while its next row is claimed.
        await Dispatcher(
            outbox: outbox, clock: clock, mailbox: mailbox, stop: stop, delivery: delivery, log: log,
            claims: 2 * concurrency
        ).run()
    }

    private func end(grace: Duration) {
        stop.requested.raise()
        mailbox.stop(grace: grace)
    }
}
