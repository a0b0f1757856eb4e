import AdminHTTP
import Logging
import ServiceLifecycle
import UploadCore

extension ServerConfiguration {
    /// Whether only programs on this machine reach the admin listener.
    var isAdminLocal: Bool {
        adminHost == "localhost" || adminHost == "::1"
            || adminHost.hasPrefix("127.") && adminHost.allSatisfy { $0 == "." || $0.isNumber }
    }

    /// The listener for operators; `nil` where none is configured.
    func adminListener(
        _ service: UploadService, figures: any FigureSource, gauges: Gauges, clock: any ServiceClock, logger: Logger
    ) -> (any Service)? {
        guard !adminHost.isEmpty else { return nil }
        let readiness = OperatorReadiness(service: service, figures: figures, clock: clock)
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
private struct OperatorReadiness: Sendable {
    let service: UploadService
    let figures: any FigureSource
    let clock: any ServiceClock

    /// Why not; empty when it can.
    func reasons() async -> [String] {
        var reasons = await service.readiness.reasons()
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
