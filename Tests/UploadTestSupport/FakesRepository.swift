import UploadCore

/// ``TaskRepository`` in memory; notes what is done, and fails or waits where the test says so.
package actor FakeRepository: TaskRepository {
    package enum Operation: Sendable {
        /// Before anything is changed.
        case commit
        /// After the change: the COMMIT happened, and is reported as failed.
        case commitReport
        case move, discard, probe, touch
        /// After the snapshot was taken.
        case load
    }

    package let journal: Journal
    package nonisolated let faults = Faults<Operation>()
    package private(set) var tasks: [TaskID: UploadTask] = [:]
    package private(set) var blocks: [TaskID: [Block]] = [:]
    package private(set) var callbacks: [TaskID: CallbackDraft] = [:]
    package private(set) var commits = 0
    private var hashes: [TaskID: FileHashState] = [:]
    private var closedAt: [TaskID: Timestamp] = [:]
    private let clock: ManualClock
    private var lastID: Int64 = 0

    package init(_ journal: Journal, clock: ManualClock) {
        (self.journal, self.clock) = (journal, clock)
    }

    // MARK: For the test

    /// Puts a task into a state, with blocks, as an earlier life left them.
    package func plant(_ id: TaskID, _ state: TaskState, blocks planted: [Block]? = nil) {
        tasks[id]?.state = state
        if let planted { blocks[id] = planted }
        tasks[id]?.receivedBytes = blocks[id, default: []].reduce(0) { $0 + $1.range.count }
    }

    // MARK: TaskRepository

    package func register(
        _ registration: Registration, targetPath: String, generations: @Sendable () -> KeyGenerations,
        admit: @escaping @Sendable (OpenTotals) throws(UploadError) -> Void
    ) throws -> UploadTask {
        let generations = generations()
        func facts(_ registration: Registration) -> Registration {
            var facts = registration
            facts.feedback = nil
            return facts
        }
        let equal = tasks.values.first {
            !$0.state.isClosed && facts($0.registration) == facts(registration)
        }
        if var equal {
            if !generations.known.contains(equal.keyGeneration) { equal.keyGeneration = generations.current }
            equal.activeAt = clock.now
            tasks[equal.id] = equal
            return equal
        }
        try admit(openTotals(of: registration.businessServer))
        lastID += 1
        let task = UploadTask(
            id: taskID(lastID), state: registration.fileSize == 0 ? .verifying : .receiving,
            registration: registration, targetPath: targetPath, keyGeneration: generations.current,
            receivedBytes: 0, reason: "", createdAt: clock.now, activeAt: clock.now)
        tasks[task.id] = task
        return task
    }

    package func probe() throws { try faults.check(.probe) }

    package func task(_ id: TaskID) -> UploadTask? { tasks[id] }

    package func taskWithRanges(
        _ id: TaskID
    ) async throws -> (task: UploadTask, held: RangeSet, hash: FileHashState)? {
        let snapshot = tasks[id].map { ($0, RangeSet(blocks[id, default: []].map(\.range)), hash(of: id)) }
        await faults.wait(.load)
        try faults.check(.load)
        return snapshot.map { (task: $0.0, held: $0.1, hash: $0.2) }
    }

    /// How far the file's MD5 has come.
    package func hash(of id: TaskID) -> FileHashState { hashes[id] ?? FileHashState(round: 0) }

    package func blocks(of id: TaskID, after start: Int64?, limit count: Int) -> [Block] {
        let sorted = blocks[id, default: []].sorted { $0.range.start < $1.range.start }
        return Array(sorted.filter { $0.range.start > start ?? -1 }.prefix(count))
    }

    package func commit(_ blocks: [ReceivedBlock]) async -> [Result<CommittedBlock, any Error>] {
        var results: [Result<CommittedBlock, any Error>] = []
        for block in blocks {
            do {
                results.append(.success(try await commit(block)))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    private func commit(_ block: ReceivedBlock) async throws -> CommittedBlock {
        await faults.wait(.commit)
        try faults.check(.commit)
        journal.note("commit")
        commits += 1
        let committed = try add(block)
        try faults.check(.commitReport)
        return committed
    }

    private func add(_ block: ReceivedBlock) throws(UploadError) -> CommittedBlock {
        let id = block.taskID
        guard var task = tasks[id] else { throw .noSuchTask }
        if task.state.isClosed { throw .closed(task.state) }
        let held = blocks[id, default: []]
        let overlaps = block.pieces.contains { piece in held.contains { $0.range.overlaps(piece.range) } }
        guard !overlaps, !task.state.isComplete else { throw UploadError(.busy, "the range changed meanwhile") }
        blocks[id] = held + block.pieces
        if let hash = block.hash, hash.round == self.hash(of: id).round { hashes[id] = hash }
        task.receivedBytes += block.pieces.reduce(0) { $0 + $1.range.count }
        task.activeAt = clock.now
        if task.receivedBytes == task.registration.fileSize { task.state = .verifying }
        tasks[id] = task
        return CommittedBlock(state: task.state, receivedBytes: task.receivedBytes)
    }

    package func touch(_ id: TaskID) throws {
        try faults.check(.touch)
        if tasks[id]?.state.isClosed == false { tasks[id]?.activeAt = clock.now }
    }

    package func move(
        _ id: TaskID, to state: TaskState, reason: String, callback: CallbackDraft?,
        check: @escaping @Sendable (UploadTask) throws(UploadError) -> Void
    ) async throws -> UploadTask {
        await faults.wait(.move)
        try faults.check(.move)
        guard var task = tasks[id] else { throw UploadError.noSuchTask }
        try check(task)
        guard task.state.successors.contains(state) else {
            throw UploadError(.internalError, "illegal move \(task.state) > \(state)")
        }
        journal.note("move \(state.rawValue)" + (callback.map { "(\($0.code.rawValue))" } ?? ""))
        task.state = state
        if state == .paused || state == .receiving { task.activeAt = clock.now }
        if state.isClosed {
            task.reason = reason
            closedAt[id] = clock.now
        }
        callbacks[id] = callback ?? callbacks[id]
        tasks[id] = task
        return task
    }

    package func discardBlocks(of id: TaskID, keepingBytesBelow limit: Int64, reason: String) async throws -> Int64 {
        await faults.wait(.discard)
        guard var task = tasks[id] else { throw UploadError.noSuchTask }
        if task.state.isClosed { throw UploadError.closed(task.state) }
        journal.note("discard from \(limit)")
        if task.state.isComplete { task.state = .receiving }
        blocks[id]?.removeAll { $0.range.end > limit }
        let held = blocks[id, default: []].reduce(Int64(0)) { $0 + $1.range.count }
        defer { tasks[id] = task }
        let before = task.receivedBytes
        task.receivedBytes = held
        if held < before { hashes[id] = FileHashState(round: hash(of: id).round + 1) }
        return before - held
    }

    package func openTotals(of businessServer: String) -> OpenTotals {
        let open = tasks.values.filter { !$0.state.isClosed }
        let sizes = open.reduce(Int64(0)) { $0 + $1.registration.fileSize }
        let received = open.reduce(Int64(0)) { $0 + $1.receivedBytes }
        return OpenTotals(openTasks: Int64(open.count), missingBytes: sizes - received, fileBytes: sizes)
    }

    package private(set) var knownFileSystem: FileSystemIdentity?

    package func stagingFileSystem() -> FileSystemIdentity? { knownFileSystem }

    package func remember(stagingFileSystem: FileSystemIdentity) { knownFileSystem = stagingFileSystem }

    package func openKeyGenerations() -> Set<Int> {
        Set(tasks.values.filter { !$0.state.isClosed }.map(\.keyGeneration))
    }

    package func openTasks(
        in state: TaskState, idleSince limit: Timestamp?, after last: OpenTask?, limit count: Int
    ) -> [OpenTask] {
        func isBefore(_ left: OpenTask, _ right: OpenTask) -> Bool {
            (left.activeAt, left.id) < (right.activeAt, right.id)
        }
        let idle = tasks.values.filter { task in task.state == state && limit.map { task.activeAt <= $0 } ?? true }
            .map { task in
                let heldEnd = blocks[task.id, default: []].map(\.range.end).max() ?? 0
                return OpenTask(activeAt: task.activeAt, id: task.id, heldEnd: heldEnd)
            }
        return Array(
            idle.sorted(by: isBefore).filter { task in last.map { isBefore($0, task) } ?? true }.prefix(count))
    }

    package func openTasks(among ids: [TaskID]) -> Set<TaskID> {
        Set(ids.filter { tasks[$0]?.state.isClosed == false })
    }

    package func purgeTasks(closedBefore limit: Timestamp, limit count: Int) -> Int {
        let ids = closedAt.filter { $0.value <= limit }.keys.sorted().prefix(count)
        for id in ids { (tasks[id], blocks[id], callbacks[id], closedAt[id]) = (nil, nil, nil, nil) }
        return ids.count
    }
}
