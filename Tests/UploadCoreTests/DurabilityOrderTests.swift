import Testing
import UploadTestSupport

@testable import UploadCore

@Suite(.timeLimit(.minutes(1))) struct DurabilityOrderTests {
    private let content = SeededGenerator.bytes(20)
    private let surroundings = FakeSurroundings()
    private var durability: DurabilityOrder { surroundings.service.durability }

    /// A task whose bytes are all held, in this state, with these bytes staged.
    ///
    /// - Parameter acknowledged: the bytes as they were, where they are others by now.
    private func complete(
        _ state: TaskState = .verifying, staged: [UInt8]?, acknowledged: [UInt8]? = nil
    ) async throws -> UploadTask {
        let task = try await surroundings.register(content)
        let bytes = acknowledged ?? staged ?? []
        let blocks = [range(0, 9), range(10, 19)].map { range in
            Block(range: range, md5: md5(bytes.count < content.count ? [] : bytes[range]))
        }
        await surroundings.repository.plant(task.id, state, blocks: blocks)
        await surroundings.store.stage(staged, for: task.id)
        surroundings.journal.clear()
        return task
    }

    /// As the finisher does it.
    private func finish(_ id: TaskID) async throws -> UploadTask? {
        try await surroundings.service.sessions.with(id) { session in
            let task = try await durability.finish(id, in: session)
            if task?.state == .receiving { await session.reset() }
            return task
        }
    }

    private func finish(_ task: UploadTask) async throws -> UploadTask? { try await finish(task.id) }

    // MARK: Order

    @Test func aBlockIsWrittenThenSyncedThenCommitted() async throws {
        let task = try await surroundings.register(content)
        let parts = Body.block(range(0, 9), of: content)
        _ = try await surroundings.service.receive(surroundings.address(task), parts: parts)
        #expect(surroundings.journal.entries == ["open", "write", "finish", "sync", "commit"])
    }

    @Test func aWrongBlockIsNeitherSyncedNorCommitted() async throws {
        let task = try await surroundings.register(content)
        let parts = Body.of(Body.fields(range(0, 9), md5: md5([])) + Body.file(content[range(0, 9)]))
        await #expect(throws: UploadError.self) {
            try await surroundings.service.receive(surroundings.address(task), parts: parts)
        }
        #expect(surroundings.journal.entries == ["open", "write", "finish"])
    }

    @Test func aFileIsVerifiedThenPublishedThenCalledBack() async throws {
        let task = try await complete(staged: content)
        let finished = try await finish(task)
        #expect(surroundings.journal.entries == ["open", "digest", "move publishing", "publish", "move finished(0)"])
        #expect(finished?.state == .finished)
        #expect(await surroundings.store.published == [task.targetPath: content])
        #expect(await surroundings.store.staged.isEmpty)
        let callback = await surroundings.repository.callbacks[task.id]
        #expect(callback == CallbackDraft(.finished, status: "ok", destination: "http://business.test/callback"))
    }

    @Test func aFileOfNoBytesIsPublishedToo() async throws {
        let task = try await surroundings.register([])
        #expect(try await finish(task)?.state == .finished)
        #expect(await surroundings.store.published == [task.targetPath: []])
    }

    // MARK: Failures

    @Test func aWrongFileFails() async throws {
        var wrong = content
        wrong[7] ^= 1
        let task = try await complete(staged: wrong)
        let failed = try await finish(task)
        #expect(failed?.state == .failed)
        #expect(surroundings.journal.entries == ["open", "digest", "digest", "move failed(-2)"])
        #expect(await surroundings.store.published.isEmpty)
        #expect(failed?.reason.contains(md5(wrong).description) == true)
    }

    @Test func aTargetThatCanNotBeHadFails() async throws {
        let task = try await complete(staged: content)
        surroundings.store.faults.fail(.publish, with: PublishError(reason: "a folder stands there"))
        let failed = try await finish(task)
        #expect(failed?.state == .failed)
        #expect(surroundings.journal.entries == ["open", "digest", "move publishing", "publish", "move failed(-4)"])
        #expect(await surroundings.repository.callbacks[task.id]?.status == "a folder stands there")
    }

    @Test func troubleThatMayPassIsThrownAndTheNextTrySucceeds() async throws {
        let task = try await complete(staged: content)
        for operation in [FakeStore.Operation.digest, .publish] {
            surroundings.store.faults.fail(operation, with: UploadError(.storage, "full"))
            await #expect(throws: UploadError.self) { try await finish(task) }
            #expect(await surroundings.repository.task(task.id)?.state.isClosed == false)
        }
        #expect(try await finish(task)?.state == .finished)
        #expect(
            surroundings.journal.entries.filter { $0.hasPrefix("move") } == ["move publishing", "move finished(0)"])
    }

    @Test func aFailedCommitIsRepeatedWithoutTheStagingFile() async throws {
        let task = try await complete(.publishing, staged: content)
        surroundings.repository.faults.fail(.move, with: UploadError(.busy, "locked"))
        await #expect(throws: UploadError.self) { try await finish(task) }
        #expect(try await finish(task)?.state == .finished)
        #expect(surroundings.journal.entries == ["publish", "move finished(0)"])
    }

    // MARK: A staging file that is too long

    /// Somebody appended to it. What had been acknowledged is still there, and is not asked for again.
    @Test(arguments: [TaskState.verifying, .publishing]) func whatWasAppendedIsCutOff(state: TaskState) async throws {
        let task = try await complete(state, staged: content + [1, 2, 3])
        #expect(try await finish(task)?.state == .finished)
        #expect(await surroundings.store.published == [task.targetPath: content])
        #expect(surroundings.journal.entries.first == "cut")
    }

    /// Somebody changed bytes that had been acknowledged: the client is not to blame, and sends them again.
    @Test func damagedBlocksAreAskedForAgain() async throws {
        var wrong = content
        wrong[17] ^= 1
        let task = try await complete(staged: wrong + [1], acknowledged: content)
        #expect(try await finish(task)?.state == .receiving)
        #expect(await surroundings.repository.blocks[task.id]?.map(\.range) == [range(0, 9)])
        #expect(surroundings.journal.entries == ["cut", "open", "digest", "digest", "discard from 10"])
        let parts = Body.block(range(10, 19), of: content)
        _ = try await surroundings.service.receive(surroundings.address(task), parts: parts)
        #expect(try await finish(task)?.state == .finished)
        #expect(await surroundings.store.published == [task.targetPath: content])
    }

    @Test func anEmptyFileThatIsNotEmptyIsEmptied() async throws {
        let task = try await surroundings.register([])
        await surroundings.store.stage([1, 2], for: task.id)
        #expect(try await finish(task)?.state == .finished)
        #expect(await surroundings.store.published == [task.targetPath: []])
    }

    // MARK: Taken up after a crash

    @Test func renamedBeforeTheCrash() async throws {
        let task = try await complete(.publishing, staged: nil)
        await surroundings.store.place(content, at: task.targetPath)
        #expect(try await finish(task)?.state == .finished)
        #expect(surroundings.journal.entries == ["move finished(0)"])
    }

    @Test(arguments: [nil, SeededGenerator.bytes(20, seed: 2), SeededGenerator.bytes(19)])
    func stagingGoneAndAnotherFileAtTheTarget(found: [UInt8]?) async throws {
        let task = try await complete(.publishing, staged: nil)
        await surroundings.store.place(found, at: task.targetPath)
        let again = try await finish(task)
        #expect(again?.state == .receiving)
        #expect(again?.receivedBytes == 0)
        #expect(await surroundings.repository.callbacks.isEmpty)
        #expect(await surroundings.store.published[task.targetPath] == found)
    }

    @Test func aStagingFileThatLostItsEndKeepsItsBeginning() async throws {
        let task = try await complete(staged: Array(content.prefix(15)))
        let again = try await finish(task)
        #expect(again?.state == .receiving)
        #expect(again?.receivedBytes == 10)
        #expect(surroundings.journal.entries == ["discard from 15"])
    }

    /// Nobody can send the bytes of an empty file again, so it must not be asked for.
    @Test func anEmptyFileWhoseStagingFileIsGoneIsPublishedAllTheSame() async throws {
        let task = try await surroundings.register([])
        await surroundings.repository.plant(task.id, .publishing)
        #expect(try await finish(task)?.state == .finished)
        #expect(await surroundings.store.published == [task.targetPath: []])
    }

    /// What stands in the staging file's place is published only if it can be the file.
    @Test func anEmptyStagingFileNeverReplacesAPublishedOne() async throws {
        let task = try await complete(.publishing, staged: [])
        await surroundings.store.place(content, at: task.targetPath)
        _ = try await finish(task)
        #expect(await surroundings.store.published[task.targetPath] == content)
    }

    @Test(arguments: [TaskState.receiving, .paused, .finished, .cancelled])
    func othersAreLeftAlone(state: TaskState) async throws {
        let task = try await surroundings.register(content)
        await surroundings.repository.plant(task.id, state)
        surroundings.journal.clear()
        #expect(try await finish(task)?.state == (state.isClosed ? nil : state))
        #expect(try await finish(taskID(99)) == nil)
        #expect(surroundings.journal.entries == [])
    }

    // MARK: Two at once

    @Test func oneAfterTheOtherToTheSamePath() async throws {
        let first = try await complete(.publishing, staged: content)
        let other = SeededGenerator.bytes(20, seed: 9)
        let second = try await surroundings.register(other)
        #expect(second.targetPath == first.targetPath)
        await surroundings.repository.plant(second.id, .publishing, blocks: [Block(range: range(0, 19), md5: md5([]))])
        await surroundings.store.stage(other, for: second.id)
        let moving = surroundings.repository.faults.hold(.move)
        async let one = finish(first)
        await moving.arrived()
        let two = Task { try await finish(second) }
        // The first stands between its rename and its COMMIT: the second has to wait there, so nothing changes.
        for _ in 0..<100 { await Task.yield() }
        #expect(await surroundings.store.published[first.targetPath] == content)
        moving.open()
        #expect(try await one?.state == .finished)
        #expect(try await two.value?.state == .finished)
        #expect(await surroundings.store.published[first.targetPath] == other)
    }

    @Test func aCancelThatComesDuringVerificationWins() async throws {
        let task = try await complete(staged: content)
        let hashing = surroundings.store.faults.hold(.digest)
        let finishing = Task { try await finish(task) }
        await hashing.arrived()
        _ = try await surroundings.service.changeState(surroundings.address(task), .cancel)
        hashing.open()
        let error = await #expect(throws: UploadError.self) { try await finishing.value }
        #expect(error?.code == .closed)
        #expect(await surroundings.store.published.isEmpty)
    }
}
