/// A task as operators see it. It encodes as the admin API shows it.
public struct TaskRecord: Sendable, Equatable, Encodable {
    /// The task's number.
    public var id: TaskID
    /// Where it stands.
    public var state: TaskState
    /// The configured identity of the business server.
    public var businessServer: String
    /// Who uploads, as the business server names them.
    public var user: String
    /// The file's name.
    public var file: String
    /// The file's size.
    public var bytes: Int64
    /// Bytes held, durable.
    public var receivedBytes: Int64
    /// Where the file goes, absolute.
    public var targetPath: String
    /// The MD5 that the file must have, lower-case hex.
    public var md5: String
    /// Why it closed; empty while it is open.
    public var reason: String
    /// When it was registered.
    public var createdAt: Timestamp
    /// The last block, pause, resume or registration.
    public var activeAt: Timestamp
    /// When it closed.
    @OrNull public var closedAt: Timestamp?
    /// Why the complete file can't be brought to its place at the moment.
    @OrNull public var trouble: String?

    /// Memberwise.
    public init(
        id: TaskID, state: TaskState, businessServer: String, user: String, file: String, bytes: Int64,
        receivedBytes: Int64, targetPath: String, md5: String, reason: String, createdAt: Timestamp,
        activeAt: Timestamp, closedAt: Timestamp?, trouble: String?
    ) {
        self.id = id
        self.state = state
        self.businessServer = businessServer
        self.user = user
        self.file = file
        self.bytes = bytes
        self.receivedBytes = receivedBytes
        self.targetPath = targetPath
        self.md5 = md5
        self.reason = reason
        self.createdAt = createdAt
        self.activeAt = activeAt
        self.closedAt = closedAt
        self.trouble = trouble
    }
}

/// Tasks of one question, as many as were asked for.
public struct TaskList: Sendable, Equatable, Encodable {
    /// In the order that was asked for.
    public var tasks: [TaskRecord]
    /// Whether there are others after them.
    public var more: Bool

    /// The first `limit` of those that were found, of which there may be one more.
    public init(_ found: [TaskRecord], limit: Int) {
        tasks = Array(found.prefix(limit))
        more = found.count > limit
    }
}

/// A task with everything that is known of it. It encodes as the admin API shows it.
public struct TaskReport: Sendable, Equatable {
    /// The task.
    public var task: TaskRecord
    /// The bytes held; those of a finished file are all of it.
    public var held: RangeSet
    /// How many blocks brought them.
    public var blocks: Int
    /// When it ends by itself if nobody goes on with it; `nil` where it does not.
    public var expiresAt: Timestamp?
    /// What happened to it, in order: the last ``timelineLimit`` of it.
    public var timeline: [TimelineEntry]
    /// The callback that tells its end.
    public var callback: CallbackRecord?

    /// The most entries of a timeline.
    public static let timelineLimit = 500

    /// Memberwise.
    public init(
        task: TaskRecord, held: RangeSet, blocks: Int, expiresAt: Timestamp?, timeline: [TimelineEntry],
        callback: CallbackRecord?
    ) {
        self.task = task
        self.held = held
        self.blocks = blocks
        self.expiresAt = expiresAt
        self.timeline = timeline
        self.callback = callback
    }
}

extension TaskReport: Encodable {
    /// More ranges can't be seen in a picture: beyond, the smallest holes are left out.
    public static let rangeLimit = 2000

    private enum Keys: CodingKey {
        case task, ranges, rangesCut, blocks, expiresAt, timeline, callback
    }

    /// With ranges as pairs of offsets, inclusive.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(task, forKey: .task)
        try container.encode(held.pairs(limit: Self.rangeLimit), forKey: .ranges)
        try container.encode(held.ranges.count > Self.rangeLimit, forKey: .rangesCut)
        try container.encode(blocks, forKey: .blocks)
        try container.encode(OrNull(wrappedValue: expiresAt), forKey: .expiresAt)
        try container.encode(timeline, forKey: .timeline)
        try container.encode(OrNull(wrappedValue: callback), forKey: .callback)
    }
}

extension RangeSet {
    /// First and last offset of each range, at most `limit` (1 or more) of them: beyond, the smallest holes are left out.
    public func pairs(limit: Int) -> [[Int64]] {
        coarsened(to: limit).map { [$0.first, $0.last] }
    }
}

/// One thing that happened to a task.
public struct TimelineEntry: Sendable, Equatable, Encodable {
    /// When.
    public var at: Timestamp
    /// What, in a word: an event's kind, `blocks` of one minute, `callback` for an attempt.
    public var what: String
    /// More of it, for people.
    public var detail: String

    /// Memberwise.
    public init(at: Timestamp, what: String, detail: String) {
        self.at = at
        self.what = what
        self.detail = detail
    }
}

/// Which tasks, and in what order.
public struct TaskQuery: Sendable, Equatable {
    /// What tasks are ordered by.
    public enum Sort: String, Sendable, CaseIterable {
        /// The last activity.
        case activity
        /// Registration.
        case created
        /// The file's size.
        case size
        /// The part of the file that is held.
        case progress
    }

    /// The states they may be in.
    public var states: Set<TaskState> = Self.openStates
    /// Only of this business server.
    public var businessServer: String?
    /// Only of this user.
    public var user: String?
    /// Only of this file name.
    public var file: String?
    /// Only those whose file name or user contains this text, and the one that has this number.
    public var search: String?
    /// What they are ordered by.
    public var sort = Sort.activity
    /// Whether the latest, the largest or the furthest come first.
    public var isDescending = true
    /// At most so many, 1 or more.
    public var limit = 100
    /// After so many.
    public var offset = 0

    /// The states of open tasks.
    public static let openStates = Set(TaskState.allCases.filter { !$0.isClosed })

    /// All open tasks, the latest activity first.
    public init() {}

    /// The states that a word stands for: one of ``TaskState``'s, `open`, `closed` or `all`; `nil` for another word.
    public static func states(_ word: String) -> Set<TaskState>? {
        switch word {
        case "all": Set(TaskState.allCases)
        case "open": openStates
        case "closed": Set(TaskState.allCases).subtracting(openStates)
        default: TaskState(rawValue: word).map { [$0] }
        }
    }
}
