import CProcess
import Callbacks
import Foundation
import Logging
import Metrics
import PrometheusMetrics
import ServiceLifecycle
import UnixSignals
import UploadCore
import UploadFiles
import UploadHTTP
import UploadSQLite

/// The whole server, put together from its configuration. The only place that knows every part.
public struct Server: Sendable {
    private let configuration: ServerConfiguration
    private let configurationReload: ConfigurationReload
    private let manager: ServiceManager
    private let logger: Logger
    private let registry = PrometheusRegistry(MetricCatalogue.all)

    /// A server that is yet to be run.
    ///
    /// - Parameters:
    ///   - threshold: the logger's, which follows the configuration.
    ///   - read: reads the configuration once more, as it was read for `loaded`.
    public init(
        _ loaded: LoadedConfiguration, logger: Logger, threshold: LogThreshold,
        read: @escaping @Sendable () throws -> LoadedConfiguration
    ) {
        process_bound_heaps()
        FaultPlan.arm()
        MetricsSystem.bootstrap(registry)
        configuration = loaded.configuration
        configurationReload = ConfigurationReload(started: loaded, threshold: threshold, read: read)
        manager = ServiceManager(environment: ProcessInfo.processInfo.environment, logger: logger)
        self.logger = logger
    }

    /// Opens, recovers, serves until SIGTERM or SIGINT, and stops in order.
    ///
    /// - Throws: what keeps the server from starting, as an error whose description is a sentence for the operator.
    public func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        logger.notice("\(Version.description) starting", metadata: ["env": "\(configuration.environment)"])
        if UploadDatabase.hasWALResetBug {
            logger.warning(
                "this SQLite can lose pages when a second program writes the database: only read it beside the server",
                metadata: [
                    "sqlite": "\(UploadDatabase.libraryVersion)", "see": "https://www.sqlite.org/wal.html#walresetbug",
                ])
        }
        boundConnections()
        let certificates = try Certificates(configuration, logger: logger)
        let locks = try configuration.takeLocks()
        let clock = SystemClock()
        let database = try UploadDatabase.open(
            path: configuration.database,
            checkpointPages: FaultPlan.checkpointPages ?? UploadDatabase.checkpointPages
        ) { clock.now }
        try await serve(database, clock: clock, certificates: certificates, hangups: hangups)
        try database.close()
        withExtendedLifetime((locks, hangups)) {
            logger.notice("stopped")
        }
    }

    /// Beyond the limit nothing is accepted, and files of uploads can't be opened: that is told before it happens.
    private func boundConnections() {
        let descriptors = process_raise_descriptor_limit()
        // A connection, and the file that its block goes to; the database and the like take a few more.
        let needed = configuration.maxConnections * 2 + 256
        guard needed > descriptors else { return }
        logger.warning(
            "maxConnections is more than the limit of open files allows: lower it, or raise the limit (ulimit -Hn)",
            metadata: [
                "maxConnections": "\(configuration.maxConnections)", "openFiles": "\(descriptors)",
                "needed": "\(needed)",
            ])
    }

    private func serve(
        _ database: UploadDatabase, clock: SystemClock, certificates: Certificates, hangups: UnixSignalsSequence
    ) async throws {
        let store = try configuration.fileStore(of: database)
        let timeline = Timeline(clock)
        let observer = UploadObservers([LoggingObserver(logger: logger), MetricsObserver()])
        let directory = ConfiguredBusinessServers(configuration)
        let outbox = SQLiteCallbackOutbox(database)
        let callbacks = CallbackWorker(
            outbox: outbox, clock: clock, schedule: schedule,
            concurrency: configuration.callbackConcurrency, timeout: configuration.callbackTimeout,
            secrets: configuration.businessServers.reduce(into: [:]) { $0[$1.identity] = $1.secret?.bytes },
            trust: certificates.callbacks, logger: logger)
        DeliveryMeters.announce(configuration.businessServers.map(\.identity))
        let repository = SQLiteTaskRepository(database)
        let notes = SQLiteOperatorNotes(database)
        let keyRing = try TaskKeyRing(database: configuration.database, logger: logger)
        let service = configuration.service(
            on: database, store, keys: keyRing.keys, observer: observer, clock: clock,
            outboxChanged: { callbacks.wake() })
        do {
            try await recover(service, outbox: outbox, directory: directory)
            try await notes.note(settings: configuration.notedSettings)
        } catch {
            throw database.explain(error)
        }
        await keyRing.settle(repository)
        let reloading = ReloadingService(
            signals: hangups,
            reloadables: [
                Reloadable(name: "configuration") { try configurationReload.reload() },
                Reloadable(name: "task keys") { try await keyRing.reload(repository) },
                certificates.front.map { front in Reloadable(name: "TLS certificate") { try front.reload() } },
            ].compactMap(\.self),
            manager: manager, logger: logger)
        let limits = Sweeper.Limits(
            taskTimeout: configuration.taskTimeout, pausedTimeout: configuration.pausedTimeout,
            retention: configuration.retention)
        let sweeper = Sweeper(service, limits: limits, timeline: timeline)
        let clockWatch = ClockWatch(
            timeline, outbox: outbox, longestPause: schedule.longestPause, clock: clock,
            observer: observer
        ) { callbacks.wake() }
        let walWatch = WALWatch(size: { database.walBytes }, clock: clock, logger: logger)
        let operators = OperatorSide(
            configuration, service, store, database, outbox: outbox, registry: registry, clock: clock, logger: logger
        ) { callbacks.wake() }
        let background: [any Service] = [
            operators.listener(),
            SecondSignalService(logger: logger, patience: configuration.shutdownTimeout + .seconds(5)),
            // It beats until all that comes below has ended.
            PassingService { [manager] in
                await Heartbeat(manager: manager, clock: clock, loops: UploadApplication.answers).run()
            },
            PassingService { [manager] in
                await StatusLine(manager: manager, clock: clock, reasons: service.readiness.reasons).run()
            },
            reloading,
            BackgroundService { await walWatch.run() },
            BackgroundService { await operators.sampler.run() },
            BackgroundService { await clockWatch.run() },
            BackgroundService { await sweeper.run() },
            BackgroundService { await service.finisher.run() },
            PassingService { await service.checkStaging() },
            callbacks,
        ].compactMap(\.self)
        try await group(service, certificates.front?.certificate, background).run()
    }

    private var schedule: RetrySchedule {
        RetrySchedule(delays: configuration.callbackSchedule, giveUpAfter: configuration.callbackGiveUpAfter)
    }

    private func recover(
        _ service: UploadService, outbox: SQLiteCallbackOutbox, directory: ConfiguredBusinessServers
    ) async throws {
        let report = try await service.recover(outbox: outbox)
        var destinations = directory.destinations
        for pending in try await outbox.pendingDestinations() where destinations[pending.businessServer] == nil {
            // Not to the URL it once had: that would go out unsigned, to who knows whom by now.
            destinations[pending.businessServer] = ""
            logger.warning(
                "callbacks wait for a business server that is not configured",
                metadata: ["businessServer": "\(pending.businessServer)"])
        }
        try await outbox.readdress(to: destinations)
        // The clock may have been set back while the server was down: nothing waits longer than it ever would.
        try await outbox.postpone(by: .zero, longestPause: schedule.longestPause)
        logger.notice(
            "recovered",
            metadata: [
                "toFinish": "\(report.unfinished)", "callbacksTakenUp": "\(report.releasedCallbacks)",
            ])
    }

    /// Services stop in reverse order: uploads are cut, the front closes, callbacks and the rest follow.
    private func group(
        _ service: UploadService, _ certificate: FrontCertificate?, _ background: [any Service]
    ) -> ServiceGroup {
        let urls = TaskURLs(
            address: configuration.address, port: configuration.port, proxyAddress: configuration.proxyAddress)
        let (logger, host) = (logger, configuration.host)
        let front = UploadApplication.make(
            .init(
                host: host, port: configuration.port, maxRequestBody: configuration.maxRequestBody,
                connections: .init(
                    maxConnections: configuration.maxConnections, headerTimeout: configuration.headerTimeout,
                    minRate: configuration.minRate, minRateWindow: configuration.minRateWindow),
                certificate: certificate, handshakeTimeout: configuration.headerTimeout,
                trustedProxies: configuration.trustedProxies, allowedOrigins: configuration.allowedOrigins),
            service: service, urls: urls, logger: logger
        ) { [manager] port in
            logger.notice("listening on \(host):\(port)")
            manager.serves("listening on \(host):\(port)")
        }
        let services = background + [front, ReceivingCutter(service: service), StopNotice(manager: manager)]
        var groupLogger = logger
        groupLogger.logLevel = .warning
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger)
        group.maximumGracefulShutdownDuration = configuration.shutdownTimeout
        return ServiceGroup(configuration: group)
    }
}
