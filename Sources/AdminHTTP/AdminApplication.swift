import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle

/// The operator's listener as a service: health, readiness, metrics. Not for clients, and on a port of its own.
public struct AdminApplication: Sendable {
    /// Where it listens, and for whom.
    public struct Configuration: Sendable {
        /// Address to listen on.
        public var host: String
        /// Port to listen on; 0 for any that is free.
        public var port: Int
        /// What callers have to present as a bearer token (RFC 6750, section 2.1); empty where everybody who reaches the
        /// port may ask.
        public var token: String

        /// Memberwise.
        public init(host: String, port: Int, token: String) {
            self.host = host
            self.port = port
            self.token = token
        }
    }

    /// What it shows.
    public struct Sources: Sendable {
        /// Why the service is not ready; empty when it is.
        public var reasons: @Sendable () async -> [String]
        /// The page for Prometheus.
        public var metrics: @Sendable () async -> String

        /// What the API reads from and acts through.
        public var desk: AdminDesk

        /// Memberwise.
        public init(
            reasons: @escaping @Sendable () async -> [String], metrics: @escaping @Sendable () async -> String,
            desk: AdminDesk
        ) {
            self.reasons = reasons
            self.metrics = metrics
            self.desk = desk
        }
    }

    /// Connections at once; one more waits.
    private static let connections = 64

    /// Builds the service to run. That its port is taken is no reason for uploads not to go on: it is told, and tried
    /// again.
    ///
    /// - Parameter onListening: called with the bound port once connections are accepted.
    public static func make(
        _ configuration: Configuration, _ sources: Sources, logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void
    ) -> some Service {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: AdminGuard(token: configuration.token))
        HealthRoutes(sources: sources).add(to: router)
        let api = router.group("api").add(middleware: APIFailures(logger: logger)).add(middleware: CrossSiteGuard())
        api.get("overview") { _, _ in try Response.json(try await sources.desk.overview()) }
        TaskRoutes(desk: sources.desk).add(to: api)
        CallbackRoutes(desk: sources.desk).add(to: api)
        HistoryRoutes(desk: sources.desk).add(to: api)
        EventRoutes(desk: sources.desk, logger: logger).add(to: api)
        ConsoleRoutes().add(to: router)
        DocumentRoute().add(to: router)
        router.add(middleware: Unrouted(router))
        var frameworkLogger = logger
        frameworkLogger.logLevel = max(logger.logLevel, .notice)
        let application = Application(
            router: router,
            // Whoever holds connections here takes no descriptors from uploads.
            server: .http1(configuration: .init(idleTimeout: .seconds(30))),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connections)),
            onServerRunning: { onListening($0.localAddress?.port ?? configuration.port) },
            logger: frameworkLogger)
        return PatientListener(
            application: application, place: "\(configuration.host):\(configuration.port)", logger: logger)
    }
}

/// Listens as soon as it can.
private struct PatientListener<Front: ApplicationProtocol>: Service {
    private static var pause: Duration { .seconds(10) }

    let application: Front
    let place: String
    let logger: Logger

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                return try await application.run()
            } catch let error where "\(error)".contains("bind(") {
                // The transport's own type says no more than this text.
                logger.error(
                    "can't listen for operators, trying again; uploads go on",
                    metadata: ["at": "\(place)", "error": "\(error)"])
            }
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: Self.pause) }
        }
    }
}
