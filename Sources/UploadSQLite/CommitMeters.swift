import Metrics

/// What commits cost.
enum CommitMeters {
    /// Changes that shared a transaction.
    static let changes = Recorder(label: "fupload_commit_changes")
    /// From BEGIN until the COMMIT is durable.
    static let seconds = Timer(label: "fupload_commit_seconds")
}
