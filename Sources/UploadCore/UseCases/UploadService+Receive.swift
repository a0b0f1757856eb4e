/// What a client is told of a block that is stored.
public struct BlockReceipt: Sendable, Equatable {
    /// The block's range.
    public var range: ByteRange
    /// What the file still lacks, ascending, the first 1,000 ranges; empty when it is complete.
    public var missing: [ByteRange]
    /// Whether the client should be told of `missing`: the file's last byte is held, so it may think that it is done.
    public var asksForMissing: Bool

    /// Memberwise.
    public init(range: ByteRange, missing: [ByteRange], asksForMissing: Bool) {
        self.range = range
        self.missing = missing
        self.asksForMissing = asksForMissing
    }
}

extension UploadService {
    /// The most missing ranges that an answer lists.
    public static let listedRanges = 1000

    /// Receives a block (contract, "POST uploadUrl"). When it returns, bytes and row survive a power cut.
    ///
    /// - Parameters:
    ///   - parts: the body as it streams in; cancelled when a newer request takes the range over, the task closes, or
    ///     the server stops. Not touched when the request can be refused without it.
    ///   - bodyLength: bytes that the body is announced to have, if it is.
    /// - Throws: every code of the catalogue but 1, 5; the block then leaves no trace.
    public func receive(
        _ address: TaskAddress, parts: any AsyncSequence<BlockPart, any Error> & Sendable, bodyLength: Int64? = nil
    ) async throws -> BlockReceipt {
        let generation = try keyGeneration(of: address)
        return try await sessions.with(address.id) { session in
            let task: UploadTask
            do {
                task = try await session.task(keyGeneration: generation)
                if task.state.isClosed { throw UploadError.closed(task.state) }
            } catch {
                // There is nothing to remember of it.
                sessions.forget(address.id)
                throw error
            }
            if task.state == .paused { throw UploadError.paused }
            return try await receive(parts, bodyLength, of: task, in: session)
        }
    }

    private func receive(
        _ parts: any AsyncSequence<BlockPart, any Error> & Sendable, _ bodyLength: Int64?, of task: UploadTask,
        in session: TaskSession
    ) async throws -> BlockReceipt {
        let limits = dependencies.directory.limits(of: task.registration.businessServer)
        if let bodyLength { try limits.checkBody(bodyLength) }
        let (checksBlocks, store) = (dependencies.policy.checksBlocks, dependencies.store)
        let fileSize = task.registration.fileSize
        let spoolSpace = SpoolSpace(
            repository: dependencies.repository, store: store, ledger: spools,
            businessServer: task.registration.businessServer, minFreeSpace: dependencies.policy.minFreeSpace)
        let losses = await session.losses
        do {
            let block = try await receiving { cut in
                var intake = BlockIntake(
                    fileSize: fileSize, checksBlocks: checksBlocks, limits: limits, session: session,
                    store: store, spoolSpace: spoolSpace, cut: cut, portion: { self.portion })
                return try await intake.receive(parts)
            }
            let (receipt, file) = try await acknowledge(block, of: task, session: session)
            await file?.hash.pace()
            return receipt
        } catch is StagingFileGone {
            // Somebody removed it under us. The bytes in it are asked for again, beginning with these.
            if await session.takeOnLoss(since: losses) {
                do {
                    _ = try await durability.askAgain(task, keepingBytesBelow: 0)
                } catch {
                    // It may have been committed all the same.
                    await session.reset()
                    throw error
                }
                await session.reset()
            }
            throw UploadError(.busy, "the staged bytes are gone, ask for the missing ranges and send them again")
        } catch {
            await removeLeftover(of: task.id)
            throw error
        }
    }

    /// The task may have closed, and its staging file gone, while a request that failed made the file anew.
    private func removeLeftover(of id: TaskID) async {
        do {
            guard let task = try await dependencies.repository.task(id), task.state.isClosed else { return }
            try await dependencies.store.remove(id)
        } catch {
            // The caller is told why the request failed; what is left, recovery removes.
            dependencies.observer.observe(.backgroundFailure("removing a staging file", error))
        }
    }

    /// A block that was held already is a block all the same: who sends a large part again must not be timed out under way.
    private func noteActivity(on task: UploadTask, _ session: TaskSession) async {
        let now = dependencies.clock.now
        guard task.isActivity(at: now) else { return }
        do {
            try await dependencies.repository.touch(task.id)
            await session.note(activityAt: now)
        } catch {
            // Its bytes are held, so the block is answered; the next one notes it.
            dependencies.observer.observe(.backgroundFailure("noting that a task is worked on", error))
        }
    }

    private func acknowledge(
        _ received: BlockIntake.Complete, of task: UploadTask, session: TaskSession
    ) async throws -> (receipt: BlockReceipt, file: OpenStagingFile?) {
        var block = received
        let (id, fileSize) = (task.id, task.registration.fileSize)
        let durable: DurableBlock
        do {
            durable = try await durability.acknowledge(&block, of: id)
        } catch {
            await block.destination.settle()
            await session.abandon(block.claim)
            // Where the sync failed, the next request gets a fresh descriptor.
            await session.closeFile()
            throw error
        }
        let file = block.destination.file
        await session.release(block.claim, durable, in: file)
        if durable.committed == nil {
            await noteActivity(on: task, session)
        } else {
            dependencies.observer.observe(.stored(id, bytes: durable.pieces.reduce(0) { $0 + $1.range.count }))
        }
        if durable.committed?.state == .verifying {
            dependencies.observer.observe(.received(id))
            finisher.enqueue(id)
        }
        let held = try await session.heldRanges()
        guard held.contains(block.claim.range) else {
            // What was held when the block was claimed turned out to be gone meanwhile.
            throw UploadError(.busy, "the staged bytes are gone, send the block again")
        }
        let missing = held.missing(ofSize: fileSize, limit: Self.listedRanges)
        let receipt = BlockReceipt(
            range: block.claim.range, missing: missing,
            asksForMissing: durable.committed != nil && !missing.isEmpty && held.contains(fileSize - 1))
        return (receipt, file)
    }
}
