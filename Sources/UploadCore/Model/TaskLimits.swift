/// What one business server may ask for; `nil` sets no limit.
public struct TaskLimits: Sendable, Equatable {
    /// The largest file in bytes.
    public var maxFileSize: Int64?
    /// The largest block in bytes.
    public var maxBlockSize: Int64?
    /// Open tasks at once.
    public var maxOpenTasks: Int64?

    /// Memberwise.
    public init(maxFileSize: Int64? = nil, maxBlockSize: Int64? = nil, maxOpenTasks: Int64? = nil) {
        self.maxFileSize = maxFileSize
        self.maxBlockSize = maxBlockSize
        self.maxOpenTasks = maxOpenTasks
    }
}

extension TaskLimits {
    /// What a body may have beyond its block: the other parts, and what is between them.
    static let bodyOverhead: Int64 = 64 << 10

    func checkBlock(_ size: Int64) throws(UploadError) {
        if let maxBlockSize, size > maxBlockSize {
            throw UploadError(.tooLarge, "the block is larger than the limit of \(maxBlockSize) bytes")
        }
    }

    /// Refuses a body that must hold a block beyond the limit.
    func checkBody(_ length: Int64) throws(UploadError) {
        try checkBlock(length - Self.bodyOverhead)
    }
}
