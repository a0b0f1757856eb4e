import Logging
import Metrics
import PrometheusMetrics
import UploadCore
import UploadFiles
import UploadSQLite

/// What is measured when Prometheus asks, and not when it changes.
struct Gauges: Sendable {
    let registry: PrometheusRegistry
    let figures: any FigureSource
    let store: FileStore
    let database: UploadDatabase
    let clock: any ServiceClock
    let logger: Logger
    private let process = ProcessGauges()

    init(
        registry: PrometheusRegistry, figures: any FigureSource, store: FileStore, database: UploadDatabase,
        clock: any ServiceClock, logger: Logger
    ) {
        self.registry = registry
        self.figures = figures
        self.store = store
        self.database = database
        self.clock = clock
        self.logger = logger
        set("fupload_build_info", 1, [("version", Version.number), ("commit", Version.commit)])
    }

    /// The whole page. What can't be measured keeps its last value.
    ///
    /// - Parameter reasons: why the service is not ready.
    func page(reasons: [String]) async -> String {
        set("fupload_ready", reasons.isEmpty ? 1 : 0)
        set("fupload_wal_bytes", Double(database.walBytes))
        set("fupload_database_bytes", Double(database.fileBytes))
        process.update()
        do {
            show(try await figures.figures())
            try await showSpace()
        } catch {
            logger.warning("not all figures could be measured", metadata: ["error": "\(error)"])
        }
        return registry.exposition()
    }

    private func show(_ figures: ServiceFigures) {
        for state in TaskState.allCases where !state.isClosed {
            set("fupload_open_tasks", Double(figures.openTasks[state] ?? 0), [("state", state.rawValue)])
        }
        set("fupload_promised_bytes", Double(figures.promisedBytes))
        set("fupload_missing_bytes", Double(figures.missingBytes))
        set("fupload_waiting_callbacks", Double(figures.waitingCallbacks))
        set("fupload_dead_callbacks", Double(figures.deadCallbacks))
        let age = figures.oldestWaiting.map { max(0, clock.now.milliseconds - $0.milliseconds) } ?? 0
        set("fupload_oldest_callback_seconds", Double(age) / 1000)
    }

    private func showSpace() async throws {
        let target = try await store.targetSpace()
        set("fupload_free_bytes", Double(try await store.measuredSpace().staging), [("disk", "tmpDir")])
        if let target { set("fupload_free_bytes", Double(target), [("disk", "storeDir")]) }
    }

    private func set(_ name: String, _ value: Double, _ dimensions: [(String, String)] = []) {
        Meter(label: name, dimensions: dimensions).set(value)
    }
}
