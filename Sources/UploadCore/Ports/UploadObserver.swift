/// Told of outcomes, one call each: the log listens, metrics may.
public protocol UploadObserver: Sendable {
    /// Something of note happened to a task.
    func observe(_ outcome: UploadOutcome)
}

/// Told to several.
public struct UploadObservers: UploadObserver {
    private let all: [any UploadObserver]

    /// - Parameter all: are told in this order.
    public init(_ all: [any UploadObserver]) {
        self.all = all
    }

    /// Told to each.
    public func observe(_ outcome: UploadOutcome) {
        for observer in all { observer.observe(outcome) }
    }
}

/// An outcome worth a line in the log, or a figure.
public enum UploadOutcome: Sendable {
    /// A task was registered, or an open one was returned again.
    case registered(UploadTask)
    /// A client changed the state.
    case stateChanged(UploadTask)
    /// Bytes of a block are durable, so many of them new.
    case stored(TaskID, bytes: Int64)
    /// All bytes are held.
    case received(TaskID)
    /// The whole file was held against its MD5, and is right.
    case verified(TaskID, took: Duration)
    /// The file is in its place.
    case published(TaskID, took: Duration)
    /// The task closed; its callback is in the outbox.
    case closed(UploadTask)
    /// Finishing hit trouble that may pass, and will be tried again.
    case finishDelayed(TaskID, by: Duration, any Error)
    /// Staged bytes turned out to be gone; they are asked for again.
    case bytesLost(TaskID, bytes: Int64)
    /// The MD5 that was computed while the file arrived is not that of its bytes, which were read again.
    case hashDiffered(TaskID)
    /// A staging file which no open task owns was removed.
    case orphanRemoved(TaskID)
    /// All tasks and staging files were held against each other.
    case stagingChecked(demoted: Int, orphans: Int)
    /// The wall clock was set.
    case clockJumped(by: Duration)
    /// Closed tasks were purged.
    case purged(Int)
    /// Something that runs in the background failed; it goes on.
    case backgroundFailure(String, any Error)
}
