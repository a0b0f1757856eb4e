/// Where tasks and their blocks live. The SQLite adapter implements it; this is its specification.
///
/// Every method that changes something is durable (power cut included) when it returns, and applies wholly or not at all;
/// those that are called at the same time may share a transaction. A method is not undone by cancelling the calling task.
/// Errors are ``UploadError``s: `storage` when the disk is full, `busy` when the database stays locked, `internalError`
/// for the rest.
public protocol TaskRepository: Sendable {
    /// Finds the open task of an equal registration (feedback apart), or creates one with a fresh random id.
    ///
    /// The same call twice at once makes one task. A file of no bytes starts in `verifying`. That an open task is asked
    /// for counts as activity.
    /// - Parameters:
    ///   - generations: asked inside the transaction. A new task gets the current one; so does an open task whose secret
    ///     is gone, for it has no other key any more.
    ///   - admit: sees what the open tasks add up to, inside of the transaction that would add one; what it throws is
    ///     thrown, and nothing is changed. Not asked for a task that is open already.
    func register(
        _ registration: Registration, targetPath: String, generations: @escaping @Sendable () -> KeyGenerations,
        admit: @escaping @Sendable (OpenTotals) throws(UploadError) -> Void
    ) async throws -> UploadTask

    /// Commits something that changes nothing.
    func probe() async throws

    /// The task as it stands; `nil` when there is none.
    func task(_ id: TaskID) async throws -> UploadTask?

    /// The task, the bytes it holds and how far they are hashed, all as of one instant; `nil` when there is none.
    func taskWithRanges(_ id: TaskID) async throws -> (task: UploadTask, held: RangeSet, hash: FileHashState)?

    /// A task's blocks after the one that starts at `start`, in order, at most `count` of them.
    func blocks(of id: TaskID, after start: Int64?, limit count: Int) async throws -> [Block]

    /// Adds received blocks, whose bytes are durable already, and moves a task to `verifying` when that completes it.
    /// A state of the file's hash that is of an earlier round is left out.
    ///
    /// - Returns: what became of each block's task; `noSuchTask`, `closed`, or `busy` for a range that overlaps what is
    ///   held, which leave the other blocks alone.
    func commit(_ blocks: [ReceivedBlock]) async -> [Result<CommittedBlock, any Error>]

    /// Writes down that somebody works on an open task now, as a received block does.
    func touch(_ id: TaskID) async throws

    /// Moves a task to another state, writes the event, and enqueues the callback where one is given: all or nothing.
    ///
    /// - Parameters:
    ///   - check: sees the task inside the transaction; what it throws is thrown, and nothing is changed.
    ///   - reason: one sentence on why; kept with the event, and with the task when the state is a closed one.
    /// - Returns: the task after the move.
    /// - Throws: `noSuchTask`; `internalError` for a move that ``TaskState`` forbids.
    func move(
        _ id: TaskID, to state: TaskState, reason: String, callback: CallbackDraft?,
        check: @escaping @Sendable (UploadTask) throws(UploadError) -> Void
    ) async throws -> UploadTask

    /// Forgets blocks of an open task whose bytes have gone, and takes a complete task back to `receiving`.
    ///
    /// - Parameter keepingBytesBelow: blocks which end at or below this offset stay.
    /// - Returns: the number of bytes that are missing again.
    /// - Throws: `noSuchTask`; `closed` when the task is.
    func discardBlocks(of id: TaskID, keepingBytesBelow limit: Int64, reason: String) async throws -> Int64

    /// What the open tasks add up to.
    func openTotals(of businessServer: String) async throws -> OpenTotals

    /// The file system that staged bytes were last known to be on; `nil` before the first time.
    func stagingFileSystem() async throws -> FileSystemIdentity?

    /// Remembers it.
    func remember(stagingFileSystem: FileSystemIdentity) async throws

    /// The generations of all open tasks' keys. Sees every registration that asked for its generation before this call.
    func openKeyGenerations() async throws -> Set<Int>

    /// Open tasks in `state`, the longest idle first, after the given one: a page of them.
    ///
    /// - Parameter limit: only those whose last activity is not after it; `nil` for all.
    func openTasks(
        in state: TaskState, idleSince limit: Timestamp?, after last: OpenTask?, limit count: Int
    ) async throws -> [OpenTask]

    /// Which of these tasks are open.
    func openTasks(among ids: [TaskID]) async throws -> Set<TaskID>

    /// Removes at most `count` tasks that closed before `limit` and whose callback is delivered or dead, with their
    /// blocks, events and callbacks.
    ///
    /// - Returns: how many were removed.
    func purgeTasks(closedBefore limit: Timestamp, limit count: Int) async throws -> Int
}

extension TaskRepository {
    /// All open tasks in `state` one after the other, the longest idle first, in pages: others have their turn in between.
    ///
    /// - Parameters:
    ///   - limit: only those whose last activity is not after it; `nil` for all.
    ///   - page: how many are read in one go.
    ///   - giveWay: what happens between two pages.
    /// - Throws: `CancellationError`; what reading, `giveWay` and `body` throw.
    func forEachOpenTask(
        in state: TaskState, idleSince limit: Timestamp? = nil, page: Int = 500,
        giveWay: () async throws -> Void = { await Task.yield() }, body: (OpenTask) async throws -> Void
    ) async throws {
        var last: OpenTask?
        while true {
            let tasks = try await openTasks(in: state, idleSince: limit, after: last, limit: page)
            for task in tasks { try await body(task) }
            guard tasks.count == page else { return }
            try Task.checkCancellation()
            try await giveWay()
            last = tasks.last
        }
    }
}

/// An open task in the order in which tasks went idle, so that one can go on after it.
public struct OpenTask: Sendable, Equatable {
    /// The task's last activity.
    public var activeAt: Timestamp
    /// The task.
    public var id: TaskID
    /// The end (exclusive) of the last byte held; 0 when none is.
    public var heldEnd: Int64

    /// Memberwise.
    public init(activeAt: Timestamp, id: TaskID, heldEnd: Int64) {
        self.activeAt = activeAt
        self.id = id
        self.heldEnd = heldEnd
    }
}
