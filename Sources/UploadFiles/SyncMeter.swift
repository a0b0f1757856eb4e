import Metrics

/// What the syncs of blocks cost.
enum SyncMeter {
    /// fdatasync(2) of a staging file.
    static let seconds = Timer(label: "fupload_block_sync_seconds")
}
