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
