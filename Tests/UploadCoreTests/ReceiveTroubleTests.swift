import Testing
import UploadTestSupport

@testable import UploadCore

/// What fails between the last byte and the answer, and who comes in between.
@Suite(.timeLimit(.minutes(1))) struct ReceiveTroubleTests {
    private typealias Feed = AsyncThrowingStream<BlockPart, any Error>.Continuation

    private let content = SeededGenerator.bytes(20)
    private let surroundings = FakeSurroundings()
    private var service: UploadService { surroundings.service }

    private func send(_ range: ByteRange, to task: UploadTask) async throws -> BlockReceipt {
        try await service.receive(surroundings.address(task), parts: Body.block(range, of: content))
    }

    /// A request whose body the test feeds; returns once it has written and claimed `range`.
    private func begin(_ range: ByteRange, of task: UploadTask) async -> (Task<BlockReceipt, any Error>, Feed) {
        let (parts, feed) = AsyncThrowingStream<BlockPart, any Error>.makeStream()
        for part in Body.fields(range, md5: md5(content[range])) + [.fileBegin] { feed.yield(part) }
        let request = Task { try await service.receive(surroundings.address(task), parts: parts) }
        while await !isReceiving(task), !Task.isCancelled { await Task.yield() }
        return (request, feed)
    }

    private func isReceiving(_ task: UploadTask) async -> Bool {
        await service.sessions.existing(task.id)?.isReceiving ?? false
    }

    @Test func aFailedCommitLeavesNothingAndTheNextTrySucceeds() async throws {
        let task = try await surroundings.register(content)
        surroundings.repository.faults.fail(.commit, with: UploadError(.storage, "full"))
        let error = await #expect(throws: UploadError.self) { try await send(range(0, 9), to: task) }
        #expect(error?.code == .storage)
        #expect(await surroundings.repository.blocks[task.id] == nil)
        #expect(try await service.progress(of: surroundings.address(task)).receivedBytes == 0)
        #expect(try await send(range(0, 9), to: task).missing == [range(10, 19)])
    }

    @Test func aCommitThatHappenedThoughReportedAsFailedIsFoundOut() async throws {
        let task = try await surroundings.register(content)
        surroundings.repository.faults.fail(.commitReport, with: UploadError(.internalError, "I/O error"))
        await #expect(throws: UploadError.self) { try await send(range(0, 9), to: task) }
        #expect(try await send(range(0, 9), to: task).missing == [range(10, 19)])
        #expect(await surroundings.repository.commits == 1)
    }

    /// A thousand of them would keep each other reading for minutes.
    @Test func aBodyThatBreaksOffMakesNobodyReadAgain() async throws {
        let task = try await surroundings.register(content)
        let (request, feed) = await begin(range(0, 9), of: task)
        feed.finish(throwing: UploadError.interrupted)
        await #expect(throws: UploadError.self) { try await request.value }
        surroundings.repository.faults.fail(.load, with: UploadError(.internalError, "read again"))
        #expect(try await send(range(0, 9), to: task).missing == [range(10, 19)])
    }

    @Test func nothingIsCommittedWithoutASync() async throws {
        let task = try await surroundings.register(content)
        surroundings.store.faults.fail(.sync, with: UploadError(.internalError, "I/O error"))
        await #expect(throws: UploadError.self) { try await send(range(0, 9), to: task) }
        #expect(await surroundings.repository.commits == 0)
        // With a fresh descriptor it is tried again, from the first byte on.
        #expect(try await send(range(0, 9), to: task).missing == [range(10, 19)])
        #expect(await surroundings.store.opens == 2)
    }

    /// The kernel tells of a lost write once; whoever wrote through the same descriptor must not hear "synced" later.
    @Test func aFailedSyncPoisonsTheDescriptorForAllWhoUsedIt() async throws {
        let task = try await surroundings.register(content)
        let (other, feed) = await begin(range(10, 19), of: task)
        // So many chunks are handed over, however small they are: it has the file open then.
        let writing = surroundings.store.faults.hold(.write)
        for _ in 0..<256 { feed.yield(.fileBytes([UInt8]())) }
        await writing.arrived()
        writing.open()
        surroundings.store.faults.fail(.sync, with: UploadError(.internalError, "I/O error"))
        await #expect(throws: UploadError.self) { try await send(range(0, 9), to: task) }
        feed.yield(.fileBytes(content[range(10, 19)]))
        feed.finish()
        let error = await #expect(throws: UploadError.self) { try await other.value }
        #expect(error?.code == .internalError)
        #expect(await surroundings.store.syncs == 1)
        #expect(await surroundings.repository.commits == 0)
        #expect(try await send(range(0, 19), to: task).missing == [])
    }

    @Test(arguments: [FakeStore.Operation.open, .write, .finish])
    func otherFaultsOfTheDiskLeaveNoTrace(operation: FakeStore.Operation) async throws {
        let task = try await surroundings.register(content)
        surroundings.store.faults.fail(operation, with: UploadError(.storage, "full"))
        let error = await #expect(throws: UploadError.self) { try await send(range(0, 9), to: task) }
        #expect(error?.code == .storage)
        #expect(try await send(range(0, 9), to: task).missing == [range(10, 19)])
    }

    // MARK: Bytes that come before their place is known

    private func register(bytes: Int64, name: String) async throws -> UploadTask {
        try await service.register(token: "secret-token") { identity in
            Registration(
                businessServer: identity, userID: "u1", storePath: "/store", fileName: name, fileSize: bytes,
                fileMD5: md5([]), feedback: nil)
        }
    }

    private func sendSpooled(
        _ range: ByteRange, of content: [UInt8], to task: UploadTask
    ) async throws -> BlockReceipt {
        let bytes = content[range]
        let parts = Body.of(Body.file(bytes, chunk: 10_000) + Body.fields(range, md5: md5(bytes)))
        return try await service.receive(surroundings.address(task), parts: parts)
    }

    @Test func aSpoolTakesNoRoomThatWasPromised() async throws {
        let content = SeededGenerator.bytes(100_000)
        let task = try await surroundings.register(content)
        _ = try await register(bytes: 50 << 20, name: "neighbour")
        let promised = Int64(100_000 + 50 << 20)
        let block = range(0, 99_999)

        surroundings.store.limit(to: promised + 99_999)
        let error = await #expect(throws: UploadError.self) { try await sendSpooled(block, of: content, to: task) }
        #expect(error?.code == .storage)
        #expect(await surroundings.repository.blocks[task.id] == nil)
        // In its own place it has the room that it was promised.
        let parts = Body.block(range(0, 49_999), of: content)
        #expect(try await service.receive(surroundings.address(task), parts: parts).missing == [range(50_000, 99_999)])

        surroundings.store.limit(to: promised + 100_000)
        #expect(try await sendSpooled(block, of: content, to: task).missing == [])
    }

    @Test func aSpoolWithoutRoomIsNotMade() async throws {
        let surroundings = FakeSurroundings(policy: ServicePolicy(minFreeSpace: 1000))
        let task = try await surroundings.register(content)
        surroundings.store.limit(to: 1019)
        let error = await #expect(throws: UploadError.self) {
            try await surroundings.service.receive(surroundings.address(task), parts: Body.of([.fileBegin]))
        }
        #expect(error?.code == .storage)
        #expect(!surroundings.journal.entries.contains("spool"))
    }

    /// A large block takes long, and others are promised room meanwhile, or use theirs.
    @Test(arguments: [true, false]) func aSpoolThatGrowsAsksAgain(forgets: Bool) async throws {
        let task = try await register(bytes: 40 << 20, name: "large")
        if !forgets { _ = try await register(bytes: 50 << 20, name: "neighbour") }
        surroundings.store.limit(to: 100 << 20)
        let (parts, feed) = AsyncThrowingStream<BlockPart, any Error>.makeStream()
        let request = Task { try await service.receive(surroundings.address(task), parts: parts) }
        feed.yield(.fileBegin)
        while !surroundings.journal.entries.contains("spool"), !Task.isCancelled { await Task.yield() }
        if forgets {
            // Of 60 free MiB that nobody was promised, 10 are left.
            _ = try await register(bytes: 50 << 20, name: "neighbour")
            surroundings.store.limit(to: 90 << 20)
        }
        let megabyte = [UInt8](repeating: 7, count: 1 << 20)
        feed.yield(.fileBytes(megabyte))
        feed.finish()
        let error = await #expect(throws: UploadError.self) { try await request.value }
        // Without the range it is no block in the end; what counts is whether it could be taken.
        #expect(error?.code == (forgets ? .storage : .invalidParameter))
    }

    /// Where files are copied to their place on the same disk, that room is promised too.
    @Test func aSpoolLeavesTheRoomForCopies() async throws {
        let task = try await surroundings.register(content)
        surroundings.store.limit(to: Int64(2 * content.count), isCopied: true)
        let parts = Body.of([.fileBegin, .fileBytes([1])])
        let error = await #expect(throws: UploadError.self) {
            try await service.receive(surroundings.address(task), parts: parts)
        }
        #expect(error?.code == .storage)
    }

    @Test func spoolsThatGrowTogetherShareTheRoom() async throws {
        let space = SpoolSpace(
            repository: surroundings.repository, store: surroundings.store, ledger: SpoolLedger(),
            businessServer: "cp1", minFreeSpace: 10)
        surroundings.store.limit(to: 110)
        try await space.take(60) {
            // Not written yet: the file system still calls it free.
            try await space.take(40) {}
            let error = await #expect(throws: UploadError.self) { try await space.take(41) {} }
            #expect(error?.code == .storage)
        }
        try await space.take(100) {}
        struct Failure: Error {}
        await #expect(throws: Failure.self) { try await space.take(100) { throw Failure() } }
        _ = try await surroundings.register([UInt8](repeating: 1, count: 40))
        try await space.take(60) {}
        await #expect(throws: UploadError.self) { try await space.take(61) {} }
    }

    // MARK: Take-over

    @Test func aNewerRequestTakesOver() async throws {
        let task = try await surroundings.register(content)
        let (older, feed) = await begin(range(0, 9), of: task)
        feed.yield(.fileBytes(content[range(0, 4)]))
        // The older body never ends by itself.
        let receipt = try await send(range(0, 9), to: task)
        #expect(receipt.missing == [range(10, 19)])
        let error = await #expect(throws: UploadError.self) { try await older.value }
        #expect(error?.message == UploadError.superseded.message)
        #expect(await surroundings.store.staged[task.id] == content[range(0, 9)])
    }

    @Test func anOlderRequestWithAllItsBytesIsWaitedFor() async throws {
        let task = try await surroundings.register(content)
        let committing = surroundings.repository.faults.hold(.commit)
        let older = Task { try await send(range(0, 9), to: task) }
        await committing.arrived()
        let newer = Task { try await send(range(5, 14), to: task) }
        while await surroundings.service.sessions.existing(task.id)?.ticketsGiven ?? 0 < 2 { await Task.yield() }
        committing.open()
        #expect(try await older.value.range == range(0, 9))
        #expect(try await newer.value.missing == [range(15, 19)])
        let pieces = await surroundings.repository.blocks[task.id]?.map(\.range)
        #expect(pieces == [range(0, 9), range(10, 14)])
    }

    @Test func cancellingTheTaskCutsWhoIsReceiving() async throws {
        let task = try await surroundings.register(content)
        let (request, _) = await begin(range(0, 9), of: task)
        let closed = try await service.changeState(surroundings.address(task), .cancel)
        #expect(closed.state == .cancelled)
        let error = await #expect(throws: UploadError.self) { try await request.value }
        #expect(error?.code == .closed)
        #expect(await surroundings.store.staged[task.id] == nil)
    }

    @Test func aTaskThatClosesDuringTheSyncTakesNoBlock() async throws {
        let task = try await surroundings.register(content)
        let syncing = surroundings.store.faults.hold(.sync)
        let request = Task { try await send(range(0, 9), to: task) }
        await syncing.arrived()
        let cancelling = Task { try await service.changeState(surroundings.address(task), .cancel) }
        while await surroundings.repository.task(task.id)?.state != .cancelled { await Task.yield() }
        syncing.open()
        let error = await #expect(throws: UploadError.self) { try await request.value }
        #expect(error?.code == .closed)
        #expect(try await cancelling.value.state == .cancelled)
        #expect(await surroundings.store.staged[task.id] == nil)
    }

    @Test func blocksInFlightMayEndInAPausedTask() async throws {
        let task = try await surroundings.register(content)
        let (request, feed) = await begin(range(0, 9), of: task)
        _ = try await service.changeState(surroundings.address(task), .pause)
        feed.yield(.fileBytes(content[range(0, 9)]))
        feed.finish()
        #expect(try await request.value.missing == [range(10, 19)])
        await #expect(throws: UploadError.self) { try await send(range(10, 19), to: task) }
    }

    // MARK: Ends

    @Test func stoppingCutsWhoIsReceivingAndWhoComesLater() async throws {
        let task = try await surroundings.register(content)
        let (request, _) = await begin(range(0, 9), of: task)
        service.stopReceiving()
        let cut = await #expect(throws: UploadError.self) { try await request.value }
        #expect(cut?.message == UploadError.shuttingDown.message)
        let later = await #expect(throws: UploadError.self) { try await send(range(0, 9), to: task) }
        #expect(later?.code == .busy)
        #expect(await !isReceiving(task))
    }

    @Test func aClientThatHangsUpLeavesTheRangeFree() async throws {
        let task = try await surroundings.register(content)
        let (request, _) = await begin(range(0, 9), of: task)
        request.cancel()
        await #expect(throws: (any Error).self) { try await request.value }
        #expect(await !isReceiving(task))
    }

    @Test func aClientThatHangsUpAfterItsLastByteIsCommitted() async throws {
        let task = try await surroundings.register(content)
        let committing = surroundings.repository.faults.hold(.commit)
        let request = Task { try await send(range(0, 9), to: task) }
        await committing.arrived()
        request.cancel()
        committing.open()
        #expect(try await request.value.range == range(0, 9))
        #expect(await !isReceiving(task))
    }

    /// The signal may fire after the body has got past its last check: what it then returns owns a claim, and would be
    /// lost with it.
    @Test func whatABodyReturnsIsNotLostToALateCut() async throws {
        let result = try? await service.receiving { cut in
            cut.fire(UploadError.shuttingDown)
            // The cut is seen first, whatever the scheduler does: only then is this task cancelled.
            while !Task.isCancelled { await Task.yield() }
            return 7
        }
        #expect(result == 7)
    }

    /// A block that is held needs no file; and the file may be on its way to its final path just then.
    @Test func aHeldBlockSentAgainWhilePublishingMakesNoStagingFile() async throws {
        let task = try await surroundings.register(content)
        let held = [Block(range: range(0, 19), md5: md5(content))]
        await surroundings.repository.plant(task.id, .publishing, blocks: held)
        #expect(try await send(range(0, 9), to: task).missing == [])
        #expect(await surroundings.store.staged[task.id] == nil)
    }
}
