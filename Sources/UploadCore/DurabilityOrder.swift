/// The order in which things become true on disk. Everything the service promises rests on this file; nothing that is
/// acknowledged, published or called back goes another way.
///
/// A block:   write → verify partMd5 → fdatasync → COMMIT → answer.
/// A file:    all bytes held (COMMIT) → verify MD5 → COMMIT publishing → fsync, link and rename, fsync folder →
///            COMMIT finished + callback → call back.
///
/// A COMMIT is durable when it returns (SQLite, WAL with synchronous=FULL, https://www.sqlite.org/wal.html). A row
/// never speaks of bytes that are not on disk yet; bytes without a row are merely not held. Each step of a file can be
/// repeated, so a crash between any two of them leaves a state from which ``finish(_:)`` goes on.
struct DurabilityOrder: Sendable {
    let repository: any TaskRepository
    let store: any StagingStore
    let directory: any BusinessServerDirectory
    let observer: any UploadObserver
    /// Tasks with one target go one after the other, so that the callback of the last tells what is there.
    private let targets = Gate<String>(width: 1)

    init(_ dependencies: UploadService.Dependencies) {
        repository = dependencies.repository
        store = dependencies.store
        directory = dependencies.directory
        observer = dependencies.observer
    }

    // MARK: A block

    /// Makes a block whose bytes have all come durable, and says what became of its task.
    ///
    /// - Throws: `checksumMismatch`; `closed` when the task was closed meanwhile; what disk and database throw. The
    ///   block then counts as not received.
    func acknowledge(_ block: inout BlockIntake.Complete, of id: TaskID) async throws -> DurableBlock {
        let file = try await block.destination.openedFile()
        let arrived = try await block.arrive(at: id)
        // Without one, all of its bytes had been held before.
        guard let file else { return DurableBlock(pieces: []) }
        return try await file.arrivals.add(arrived) { [self] blocks in
            let sound = await writeAndSync(blocks, in: file)
            return { await commit(blocks, sound, file) }
        }
    }

    /// Blocks of one file, which share what each step costs. One that fails leaves the others alone, unless it is the disk
    /// that failed.
    ///
    /// - Returns: the pieces of each that are on disk.
    private func writeAndSync(
        _ blocks: [ArrivedBlock], in file: OpenStagingFile
    ) async -> [Result<[Block], any Error>] {
        // 1. Every declared byte is written (BlockIntake counted them).
        var put = await file.staging.put(blocks.compactMap(\.unwritten)).makeIterator()
        // 2. They are the right ones.
        let sound = blocks.map { block in
            Result { () throws -> [Block] in
                switch block.bytes {
                case .written(let pieces): return pieces
                case .inMemory(let whole):
                    guard let md5 = try put.next()?.get() else { throw UploadError.interrupted }
                    try ArrivedBlock.check(md5, against: block.declaredMD5)
                    return [Block(range: whole.range, md5: md5)]
                }
            }
        }
        // 3. They are on disk.
        guard sound.contains(where: { (try? $0.get()) != nil }) else { return sound }
        do {
            try await file.sync()
        } catch {
            return sound.map { pieces in pieces.flatMap { _ in .failure(error) } }
        }
        FaultPoint.reach(.blockSynced)
        return sound
    }

    private func commit(
        _ blocks: [ArrivedBlock], _ sound: [Result<[Block], any Error>], _ file: OpenStagingFile
    ) async -> [Result<DurableBlock, any Error>] {
        // 4. Their rows are. The repository lets blocks of all files that come together share the COMMIT.
        var rows: [ReceivedBlock] = []
        for case (let block, .success(let pieces)) in zip(blocks, sound) {
            let hash = rows.isEmpty ? file.hash.unwritten() : nil
            rows.append(ReceivedBlock(taskID: block.taskID, pieces: pieces, hash: hash))
        }
        var committed = await repository.commit(rows).makeIterator()
        if !rows.isEmpty { FaultPoint.reach(.blockCommitted) }
        // 5. Only now may their callers answer.
        return sound.map { pieces in
            Result {
                let pieces = try pieces.get()
                guard let row = committed.next() else { throw UploadError.interrupted }
                return DurableBlock(pieces: pieces, committed: try row.get())
            }
        }
    }

    // MARK: A file

    /// Takes a complete task from where it stands to its end: verify, publish, finished or failed, callback enqueued.
    ///
    /// - Parameter session: the task's.
    /// - Returns: the task as it stands then: closed, or `receiving` again when staged bytes turned out to be gone;
    ///   `nil` when there was nothing to do.
    /// - Throws: on trouble that may pass (disk full, database busy): call again later.
    func finish(_ id: TaskID, in session: TaskSession) async throws -> UploadTask? {
        guard var task = try await repository.task(id), !task.state.isClosed else { return nil }
        if task.state == .verifying { task = try await verify(task, in: session) }
        if task.state == .publishing { task = try await publish(task) }
        return task
    }

    private func verify(_ task: UploadTask, in session: TaskSession) async throws -> UploadTask {
        let (registration, start) = (task.registration, ContinuousClock.now)
        if registration.fileSize == 0 {
            // No block made the staging file of an empty file.
            _ = try await store.open(task.id, creating: true)
        }
        try await cut(task)
        guard let digest = try await digest(of: task, in: session), digest.size == registration.fileSize else {
            return try await askAgain(task, keepingBytesBelow: try await store.stagedSize(of: task.id) ?? 0)
        }
        guard digest.md5 == registration.fileMD5 else {
            // The client is wrong about its file only if each block still is what was acknowledged.
            if let damage = try await firstDamage(in: task.id) {
                return try await askAgain(task, keepingBytesBelow: damage)
            }
            let reason = "the file's MD5 is \(digest.md5), registered was \(registration.fileMD5)"
            return try await close(task, as: .failed, .checksumMismatch, reason: reason)
        }
        FaultPoint.reach(.fileVerified)
        observer.observe(.verified(task.id, took: .now - start))
        let verified = try await repository.move(
            task.id, to: .publishing, reason: "MD5 verified", callback: nil, check: stillIs(.verifying))
        FaultPoint.reach(.publishingCommitted)
        return verified
    }

    /// The staged file's MD5 and size: what was computed while it arrived, where that says what it should.
    private func digest(of task: UploadTask, in session: TaskSession) async throws -> FileDigest? {
        let size = task.registration.fileSize
        guard try await store.stagedSize(of: task.id) == size else { return nil }
        do {
            let md5 = try await session.fileDigest(ofSize: size)
            if md5 == task.registration.fileMD5 { return FileDigest(md5: task.registration.fileMD5, size: size) }
            // The bytes themselves decide.
            let digest = try await store.stagedDigest(of: task.id)
            if let md5, let digest, digest.md5 != md5 { observer.observe(.hashDiffered(task.id)) }
            return digest
        } catch is StagingFileGone {
            return nil
        }
    }

    private func publish(_ task: UploadTask) async throws -> UploadTask {
        try await targets.pass(task.targetPath) {
            let size = task.registration.fileSize
            // An empty file's staging file was never synced by a block.
            if size == 0 { _ = try await store.open(task.id, creating: true) }
            try await cut(task)
            // By its size, not its mere presence: whatever made another file of that name, it is not this one's bytes.
            if try await store.stagedSize(of: task.id) == size {
                do {
                    let start = ContinuousClock.now
                    try await store.publish(task.id, to: task.targetPath)
                    observer.observe(.published(task.id, took: .now - start))
                } catch let error as PublishError {
                    return try await close(task, as: .failed, .unpublishable, reason: error.reason)
                } catch let lost as StagingFileGone {
                    // Staged bytes that a sync could not save are worth nothing, though they can be read.
                    try await store.remove(task.id)
                    guard size > 0 else { throw lost.cause ?? lost }
                    return try await askAgain(task, keepingBytesBelow: 0)
                }
            } else {
                // Somebody took the staging file away, after it was published perhaps.
                let found = try await store.publishedDigest(at: task.targetPath)
                guard found == FileDigest(md5: task.registration.fileMD5, size: size) else {
                    return try await askAgain(task, keepingBytesBelow: 0)
                }
            }
            return try await close(task, as: .finished, .finished, reason: "ok")
        }
    }

    /// Takes away what somebody else appended to a staging file. The MD5 says whether the rest is still what it was.
    private func cut(_ task: UploadTask) async throws {
        let size = task.registration.fileSize
        guard let staged = try await store.stagedSize(of: task.id), staged > size else { return }
        try await store.cut(task.id, to: size)
    }

    /// Where the first block starts whose staged bytes are not those that were acknowledged; `nil` when all are.
    private func firstDamage(in id: TaskID) async throws -> Int64? {
        var last: Int64?
        while true {
            let blocks = try await repository.blocks(of: id, after: last, limit: 100)
            guard let end = blocks.last else { return nil }
            let digests = try await store.stagedDigests(of: id, blocks.map(\.range))
            for (block, digest) in zip(blocks, digests) where digest != block.md5 { return block.range.start }
            last = end.range.start
        }
    }

    // MARK: Closing

    /// Closes a task: state, event and callback in ONE transaction. The staging file goes after that (``Finisher``), so
    /// that a crash in between leaves an orphan for recovery and never a row without bytes.
    func close(
        _ task: UploadTask, as state: TaskState, _ code: CallbackCode, reason: String,
        check: (@Sendable (UploadTask) throws(UploadError) -> Void)? = nil
    ) async throws -> UploadTask {
        let callback = CallbackDraft(
            code, status: reason, destination: directory.destination(of: task.registration.businessServer) ?? "")
        let closed = try await repository.move(
            task.id, to: state, reason: reason, callback: callback, check: check ?? stillIs(task.state))
        FaultPoint.reach(.closed)
        return closed
    }

    /// Takes a task whose staged bytes turned out to be gone back to receiving.
    ///
    /// - Throws: `storage` for a file of no bytes, which nobody could send again: it is made anew at the next try.
    func askAgain(_ task: UploadTask, keepingBytesBelow limit: Int64) async throws -> UploadTask {
        guard task.registration.fileSize > 0 else {
            throw UploadError(.storage, "the empty staging file is gone")
        }
        let lost = try await repository.discardBlocks(
            of: task.id, keepingBytesBelow: limit, reason: "staged bytes are gone, they are asked for again")
        observer.observe(.bytesLost(task.id, bytes: lost))
        return try await repository.task(task.id) ?? task
    }

    private func stillIs(_ expected: TaskState) -> @Sendable (UploadTask) throws(UploadError) -> Void {
        { task throws(UploadError) in
            if task.state.isClosed { throw .closed(task.state) }
            guard task.state == expected else {
                throw UploadError(.busy, "the task's status changed to \(task.state.wireName)")
            }
        }
    }
}
