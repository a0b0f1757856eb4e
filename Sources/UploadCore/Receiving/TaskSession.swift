/// What the service keeps in memory of a task that is being uploaded: the task itself, the bytes held, the ranges in flight,
/// the open staging file. All of it can be made anew from the database; it saves reading it for every block.
actor TaskSession {
    let id: TaskID
    private let reader: TaskReader
    private let store: any StagingStore
    private var task: UploadTask?
    private var held = RangeSet()
    /// Known with the first look at the database.
    private var hash: RunningHash?
    /// Whether `task` and `held` are all that the database has.
    private var isCurrent = false
    /// Counts what makes a reading that is under way worthless: it may be of before, and is not believed after.
    private var epoch = 0
    private(set) var claims: [Claim] = []
    /// How often staged bytes turned out to be gone; see ``takeOnLoss(since:)``.
    private(set) var losses = 0
    private var tickets = 0
    /// What every claim is answered once the task is closed.
    private var ending: UploadError?
    private var openFile: OpenStagingFile?
    /// Those who wait for the opening that is under way; `nil` when none is.
    private var openers: [CheckedContinuation<Void, Never>]?

    init(id: TaskID, reader: TaskReader, store: any StagingStore) {
        self.id = id
        self.reader = reader
        self.store = store
    }

    /// The task as it stands. The database is asked only where this is not known.
    ///
    /// - Throws: `noSuchTask` also where its keys are of another generation.
    func task(keyGeneration: Int) async throws -> UploadTask {
        for isLast in [false, true] {
            _ = try await heldRanges()
            if let task, task.keyGeneration == keyGeneration { return task }
            // A registration may have given it another one since.
            if !isLast { (isCurrent, epoch) = (false, epoch + 1) }
        }
        throw UploadError.noSuchTask
    }

    /// The task was changed, and the database has it.
    func note(_ task: UploadTask) {
        self.task = task
        epoch += 1
    }

    /// Somebody works on it.
    func note(activityAt time: Timestamp) {
        task?.activeAt = time
    }

    /// Claims a range for a request; an older request which is still receiving bytes of it is cut at once.
    ///
    /// Returns when no other request can write a byte of the range any more. One that has all its bytes already is
    /// waited for: what it commits is then held, and no piece of this claim.
    /// - Throws: ``UploadError/superseded`` when an even newer request came in between.
    func claim(_ range: ByteRange, cut: CutSignal) async throws -> Claim {
        tickets += 1
        let ticket = tickets
        _ = try await heldRanges()
        if let ending { throw ending }
        while let other = claims.first(where: { $0.range.overlaps(range) }) {
            guard other.ticket < ticket else { throw UploadError.superseded }
            other.revoke(.superseded)
            await other.untilReleased()
            claims.removeAll { $0 === other }
            _ = try await heldRanges()
            if let ending { throw ending }
        }
        // No suspension between here and the append: the range is free and `held` is current.
        let claim = Claim(range: range, pieces: held.missing(in: range), ticket: ticket, cut: cut)
        claims.append(claim)
        return claim
    }

    /// Ends the claim of a request.
    ///
    /// - Parameters:
    ///   - block: what was made durable.
    ///   - file: where that is; `nil` when nothing was written.
    func release(_ claim: Claim, _ block: DurableBlock = DurableBlock(pieces: []), in file: OpenStagingFile? = nil) {
        for piece in block.pieces { held.insert(piece.range) }
        if let committed = block.committed { task?.state = committed.state }
        if let file, let first = held.ranges.first, first.start == 0 {
            file.hash.follow(to: first.end, in: file.staging)
        }
        claims.removeAll { $0 === claim }
        claim.release()
    }

    /// Ends the claim of a request whose COMMIT failed.
    ///
    /// A COMMIT that reports an error may have happened all the same, so the database is asked before the next claim.
    func abandon(_ claim: Claim) {
        isCurrent = false
        epoch += 1
        release(claim)
    }

    /// Ends the session for good: cuts every request which is receiving, lets no new one claim, and returns when none
    /// is left.
    func end(_ error: UploadError) async {
        ending = error
        for claim in claims { claim.revoke(error) }
        while let claim = claims.first {
            await claim.untilReleased()
            claims.removeAll { $0 === claim }
        }
    }

    /// The bytes held, durable.
    ///
    /// Between two calls of ``reset()`` bytes are only ever added. So what a reading finds and what commits have added
    /// here meanwhile are both true, and so is their union: no order of the two can forget a block.
    func heldRanges() async throws -> RangeSet {
        while !isCurrent {
            let epoch = self.epoch
            guard let loaded = try await reader.read(id) else { throw UploadError.noSuchTask }
            if loaded.foundLoss { reset() }
            guard epoch == self.epoch else { continue }
            task = loaded.task
            for range in loaded.held.ranges { held.insert(range) }
            if hash?.round != loaded.hash.round {
                forgetFile()
                hash = RunningHash(
                    resuming: loaded.hash, fileSize: loaded.task.registration.fileSize, on: store.executor)
            }
            isCurrent = true
        }
        return held
    }

    /// Whether the caller is the one who has to tell the database that the staged bytes are gone.
    ///
    /// Requests that were on the same vanished file find out one after the other; a later one must not take back what
    /// was received anew since.
    /// - Parameter seen: ``losses`` as it was when the caller's request began.
    func takeOnLoss(since seen: Int) -> Bool {
        guard losses == seen else { return false }
        losses += 1
        return true
    }

    /// Forgets the bytes held: they were found to be gone, and the database has been told.
    func reset() {
        held = RangeSet()
        isCurrent = false
        epoch += 1
        losses += 1
        // What it is open on may have no name any more.
        forgetFile()
    }

    private func forgetFile() {
        hash?.end()
        hash = nil
        openFile = nil
    }

    /// The staging file, opened at the first call; made, when the task holds no bytes yet.
    ///
    /// - Throws: ``StagingFileGone`` when it should be there and is not.
    func file() async throws -> OpenStagingFile {
        while true {
            if let openFile { return openFile }
            let hash = try await currentHash()
            // Another call may have opened it meanwhile, or be about to.
            if let openFile { return openFile }
            guard openers != nil else { return try await open(with: hash) }
            await withCheckedContinuation { openers?.append($0) }
        }
    }

    private func open(with hash: RunningHash) async throws -> OpenStagingFile {
        openers = []
        defer {
            for opener in openers ?? [] { opener.resume() }
            openers = nil
        }
        let file = OpenStagingFile(
            try await store.open(id, creating: held.isEmpty), hash: hash, on: store.executor)
        // Unless it was found to be gone meanwhile: whoever works on this one finds out too.
        if self.hash === hash { openFile = file }
        return file
    }

    /// The MD5 of the whole file, once all of its bytes are held; `nil` when the staging file is shorter.
    ///
    /// - Throws: ``StagingFileGone``, and what else reading throws.
    func fileDigest(ofSize size: Int64) async throws -> MD5Digest? {
        let file = try await file()
        return try await file.hash.digest(ofSize: size, in: file.staging)
    }

    private func currentHash() async throws -> RunningHash {
        while true {
            _ = try await heldRanges()
            if let hash { return hash }
        }
    }

    /// Lets go of the staging file; the next user opens it again.
    func closeFile() {
        openFile = nil
    }
}
