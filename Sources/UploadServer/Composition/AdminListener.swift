import AdminHTTP
import Logging
import ServiceLifecycle
import UploadCore

extension ServerConfiguration {
    /// Whether only programs on this machine reach the admin listener.
    var isAdminLocal: Bool {
        adminHost == "localhost" || IPAddress(adminHost)?.isLoopback == true
    }

    /// The listener for operators; `nil` where none is configured.
    func adminListener(
        _ readiness: OperatorReadiness, _ gauges: Gauges, logger: Logger
    ) -> (any Service)? {
        guard !adminHost.isEmpty else { return nil }
        return AdminApplication.make(
            .init(host: adminHost, port: adminPort, token: adminToken?.text ?? ""),
            .init(
                reasons: { await readiness.reasons() },
                metrics: { await gauges.page(reasons: readiness.reasons()) }),
            logger: logger
        ) { [adminHost] port in
            logger.notice("operators are served at \(adminHost):\(port)")
        }
    }
}

/// Whether the service can do its work, callbacks included.
struct OperatorReadiness: Sendable {
    let readiness: Readiness
    let figures: FreshFigures
    let clock: any ServiceClock

    /// Why not; empty when it can.
    func reasons() async -> [String] {
        var reasons = await readiness.reasons()
        do {
            if try await figures.figures().isOutboxStuck(at: clock.now) {
                reasons.append("callbacks are due, and none is being sent")
            }
        } catch {
            reasons.append("the database can't be read")
        }
        return reasons
    }
}

/// Figures that are a second old at the most: a page needs them twice, and who asks often makes no work.
actor FreshFigures: FigureSource {
    private static let freshness = Duration.seconds(1)

    private let source: any FigureSource
    private let clock: any ServiceClock
    private var last: (at: Duration, reading: Task<ServiceFigures, any Error>)?

    init(_ source: any FigureSource, clock: any ServiceClock) {
        (self.source, self.clock) = (source, clock)
    }

    func figures() async throws -> ServiceFigures {
        if let last, clock.uptime - last.at < Self.freshness { return try await last.reading.value }
        let reading = Task { [source] in try await source.figures() }
        last = (clock.uptime, reading)
        return try await reading.value
    }
}
