/// What open tasks add up to, as of one transaction.
public struct OpenTotals: Sendable, Equatable {
    /// Open tasks of the business server that asks.
    public var openTasks: Int64
    /// Bytes that all open tasks together have not received yet.
    public var missingBytes: Int64
    /// The sizes of all open tasks' files together.
    public var fileBytes: Int64

    /// Memberwise.
    public init(openTasks: Int64, missingBytes: Int64, fileBytes: Int64) {
        self.openTasks = openTasks
        self.missingBytes = missingBytes
        self.fileBytes = fileBytes
    }
}

/// Bytes that can still be written, as the file systems tell.
public struct FreeSpace: Sendable, Equatable {
    /// Where staging files are.
    public var staging: Int64
    /// Where finished files go; `nil` when that is the same file system, or not known beforehand.
    public var target: Int64?
    /// Whether a file is copied to its place although `target` is `nil`: two mounts of one file system have no links in
    /// common.
    public var isCopied: Bool

    /// Memberwise.
    public init(staging: Int64, target: Int64?, isCopied: Bool = false) {
        self.staging = staging
        self.target = target
        self.isCopied = isCopied
    }
}

/// Decides whether there is room for one more task.
///
/// What a task was promised counts as used from its registration on, so that uploads which run side by side never fill
/// the disk together. Bytes that are written and not committed yet count twice for that moment, never not at all.
struct SpaceReservation: Sendable {
    let fileSize: Int64
    let maxOpenTasks: Int64?
    let minFreeSpace: Int64
    /// What the files of open tasks added up to before ``FreeSpace/target`` was measured: one that came to its place in
    /// between is not counted any more, and took its room after the measuring.
    var fileBytesBefore: Int64 = 0

    /// - Throws: `busy` when the business server has its number of open tasks, `storage` when the bytes don't fit.
    func check(_ totals: OpenTotals, _ free: FreeSpace) throws(UploadError) {
        if let maxOpenTasks, totals.openTasks >= maxOpenTasks {
            throw UploadError(.busy, "\(totals.openTasks) tasks are open, the limit is \(maxOpenTasks)")
        }
        // A whole file is copied to its place while its staging file is still held.
        if let target = free.target {
            try check(free.staging, promised: totals.missingBytes)
            try check(target, promised: max(totals.fileBytes, fileBytesBefore))
        } else if free.isCopied {
            try check(free.staging, promised: totals.missingBytes, totals.fileBytes, fileSize)
        } else {
            try check(free.staging, promised: totals.missingBytes)
        }
    }

    private func check(_ free: Int64, promised: Int64...) throws(UploadError) {
        // None is negative. So where a difference is too, the bytes don't fit, and the next one can't overflow.
        var left = free
        for bytes in promised + [fileSize, minFreeSpace] {
            left -= bytes
            guard left >= 0 else {
                throw UploadError(.storage, "fileSize is larger than the free space that is left on the server's disk")
            }
        }
    }
}
