import PrometheusMetrics

/// What each name on the page for Prometheus means. A test holds the page against it.
enum MetricCatalogue {
    /// A fast disk syncs in a tenth of a millisecond.
    private static let syncs: [Double] = [0.0001, 0.00025, 0.0005] + MetricDescription.seconds

    static let all: [MetricDescription] = [
        // Requests.
        MetricDescription("fupload_requests_total", help: "Requests answered, by route and the envelope's retCode."),
        MetricDescription("fupload_request_seconds", help: "From a request's head to its answer, by route."),
        // Uploads.
        MetricDescription("fupload_registrations_total", help: "Registrations, of new tasks and of open ones again."),
        MetricDescription("fupload_blocks_total", help: "Blocks made durable."),
        MetricDescription("fupload_block_bytes_total", help: "New bytes made durable."),
        MetricDescription("fupload_closed_tasks_total", help: "Tasks that ended, by state."),
        MetricDescription("fupload_open_tasks", help: "Open tasks, by state."),
        MetricDescription("fupload_promised_bytes", help: "The sizes of all open tasks' files."),
        MetricDescription("fupload_missing_bytes", help: "What open tasks have not received yet."),
        MetricDescription("fupload_lost_bytes_total", help: "Staged bytes that were gone and are asked for again."),
        MetricDescription("fupload_verify_seconds", help: "Holding a whole file against its MD5."),
        MetricDescription("fupload_publish_seconds", help: "Bringing a file to its place, syncs included."),
        MetricDescription("fupload_finish_delays_total", help: "Times that a complete file could not be finished."),
        MetricDescription("fupload_background_failures_total", help: "Background work that failed and goes on."),
        // Disk.
        MetricDescription("fupload_block_sync_seconds", help: "fdatasync of staging files.", buckets: syncs),
        MetricDescription("fupload_commit_seconds", help: "Transactions, from BEGIN until durable.", buckets: syncs),
        MetricDescription(
            "fupload_commit_changes", help: "Changes that shared a transaction.", buckets: MetricDescription.counts),
        MetricDescription("fupload_wal_bytes", help: "Size of the database's write-ahead log."),
        MetricDescription("fupload_database_bytes", help: "Size of the database file."),
        MetricDescription("fupload_free_bytes", help: "Free space on the disk of tmpDir, and of storeDir."),
        // Callbacks.
        MetricDescription("fupload_waiting_callbacks", help: "Callbacks neither delivered nor given up."),
        MetricDescription("fupload_dead_callbacks", help: "Callbacks that were given up."),
        MetricDescription("fupload_oldest_callback_seconds", help: "Age of the oldest waiting callback, or 0."),
        MetricDescription(
            "fupload_callback_attempts_total",
            help: "Attempts to deliver a callback, by receiver and outcome: delivered, failed, dead."),
        MetricDescription("fupload_callback_seconds", help: "How long attempts took, by receiver."),
        // The process.
        MetricDescription("fupload_build_info", help: "Always 1; what runs is in the labels."),
        MetricDescription("fupload_ready", help: "1 when the service can do its work, else 0."),
        MetricDescription("process_start_time_seconds", help: "When the process started, in seconds since 1970."),
        MetricDescription("process_cpu_seconds_total", help: "Processor time used, user and system."),
        MetricDescription("process_resident_memory_bytes", help: "Resident memory."),
        MetricDescription("process_open_fds", help: "Open file descriptors."),
        MetricDescription("process_max_fds", help: "Limit of open file descriptors."),
    ]
}
