import AdminHTTP
import Logging
import PrometheusMetrics
import ServiceLifecycle
import UploadCore
import UploadFiles
import UploadSQLite

extension ServerConfiguration {
    /// Whether only programs on this machine reach the admin listener.
    var isAdminLocal: Bool {
        adminHost == "localhost" || IPAddress(adminHost)?.isLoopback == true
    }
}

/// What operators see of the service, and act through.
struct OperatorSide: Sendable {
    /// To be run in the background.
    let sampler: TrafficSampler
    private let configuration: ServerConfiguration
    private let readiness: OperatorReadiness
    private let gauges: Gauges
    private let desk: AdminDesk
    private let logger: Logger

    /// - Parameter outboxChanged: called after a COMMIT that made callbacks due.
    init(
        _ configuration: ServerConfiguration, _ service: UploadService, _ store: FileStore, _ database: UploadDatabase,
        outbox: any CallbackOutbox, registry: PrometheusRegistry, clock: any ServiceClock, logger: Logger,
        outboxChanged: @escaping @Sendable () -> Void
    ) {
        let figures = FreshFigures(SQLiteFigures(database), clock: clock)
        sampler = TrafficSampler(
            registry: registry, figures: figures, notes: SQLiteOperatorNotes(database), clock: clock, logger: logger)
        readiness = OperatorReadiness(readiness: service.readiness, figures: figures, clock: clock)
        gauges = Gauges(
            registry: registry, figures: figures, store: store, database: database, clock: clock, logger: logger)
        let overview = OperatorOverview(
            readiness: readiness, figures: figures, store: store, sampler: sampler, clock: clock, startedAt: clock.now)
        desk = AdminDesk(
            queries: SQLiteOperatorQueries(database),
            operations: OperatorService(
                service, outbox: outbox, destinations: ConfiguredBusinessServers(configuration).destinations,
                outboxChanged: outboxChanged),
            overview: { try await overview.gather() }, clock: clock)
        self.configuration = configuration
        self.logger = logger
    }

    /// The listener for operators; `nil` where none is configured.
    func listener() -> (any Service)? {
        let (host, port) = (configuration.adminHost, configuration.adminPort)
        guard !host.isEmpty else { return nil }
        return AdminApplication.make(
            .init(host: host, port: port, token: configuration.adminToken?.text ?? ""),
            .init(
                reasons: { await readiness.reasons() },
                metrics: { await gauges.page(reasons: readiness.reasons()) }, desk: desk),
            logger: logger
        ) { [logger] port in
            logger.notice("operators are served at \(host):\(port)")
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
