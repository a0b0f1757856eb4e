import Testing
import UploadTestSupport

@testable import UploadCore

@Suite(.timeLimit(.minutes(1))) struct RecoveryTests {
    private let content = SeededGenerator.bytes(20)
    private let surroundings = FakeSurroundings()

    private func plant(_ name: String, _ state: TaskState, held: [ByteRange], staged: Int?) async throws -> TaskID {
        let id = try await surroundings.register(content, name: name).id
        await surroundings.repository.plant(id, state, blocks: held.map { Block(range: $0, md5: md5([])) })
        await surroundings.store.stage(staged.map { Array(content.prefix($0)) }, for: id)
        return id
    }

    private func state(_ id: TaskID) async -> TaskState? { await surroundings.repository.task(id)?.state }

    @Test func lookingAtVeryManyGivesWay() async throws {
        for number in 0..<100 { _ = try await plant("\(number)", .receiving, held: [], staged: 1) }
        let check = Task { try await StagingCheck(service: surroundings.service).run() }
        // After each page of tasks, and between the files.
        for number in 1...3 {
            await surroundings.clock.slept(number)
            surroundings.clock.advance(by: .milliseconds(10))
        }
        #expect(try await check.value == StagingCheck.Report())
    }

    @Test func aRestLastsNineTimesAsLongAsTheWorkBeforeIt() async throws {
        let clock = surroundings.clock
        let work = Task {
            var pace = BackgroundPace(clock)
            clock.advance(by: .milliseconds(40))
            try await pace.rest()
            try await pace.rest()
        }
        await clock.slept(1)
        clock.advance(by: .milliseconds(360))
        await clock.slept(2)
        clock.advance(by: .milliseconds(10))
        try await work.value
        #expect(clock.requested == [.milliseconds(360), .milliseconds(10)])
    }

    @Test func tasksAndFilesAreHeldAgainstEachOther() async throws {
        let repository = surroundings.repository
        let whole = [range(0, 9), range(10, 19)]
        let untouched = try await plant("untouched", .receiving, held: [], staged: nil)
        let sound = try await plant("sound", .receiving, held: [range(5, 9)], staged: 12)
        let short = try await plant("short", .paused, held: whole.dropLast() + [range(15, 17)], staged: 16)
        let gone = try await plant("gone", .verifying, held: whole, staged: nil)
        let verifying = try await plant("verifying", .verifying, held: whole, staged: 20)
        let publishing = try await plant("publishing", .publishing, held: whole, staged: nil)
        await surroundings.store.place(content, at: "/store/publishing")
        let closed = try await plant("closed", .finished, held: whole, staged: 20)
        await surroundings.store.stage([1], for: taskID(4711))

        let report = try await surroundings.service.recover(outbox: FakeOutbox(claims: 3))
        #expect(report.unfinished == 3)
        #expect(report.releasedCallbacks == 3)
        let found = try await StagingCheck(service: surroundings.service).run()
        #expect(found == StagingCheck.Report(demoted: 1, orphans: 2))

        #expect(await state(untouched) == .receiving)
        #expect(await repository.blocks[sound]?.map(\.range) == [range(5, 9)])
        #expect(await repository.blocks[short]?.map(\.range) == [range(0, 9)])
        #expect(await state(short) == .paused)
        #expect(await Set(surroundings.store.staged.keys) == [sound, short, verifying])
        #expect(await surroundings.store.staged[closed] == nil)

        let running = Task { await surroundings.service.finisher.run() }
        while surroundings.observer.closed.count < 2, !Task.isCancelled { await Task.yield() }
        while await state(gone) != .receiving, !Task.isCancelled { await Task.yield() }
        running.cancel()
        await running.value
        #expect(await repository.blocks[gone] == [])
        #expect(await state(verifying) == .finished)
        #expect(await state(publishing) == .finished)
        #expect(await surroundings.store.published == ["/store/verifying": content, "/store/publishing": content])
    }

    // MARK: Another file system

    private let other = FileSystemIdentity(kind: 0xef53, number: 2)

    /// Without the volume nothing is forgotten and nothing removed, and the next start finds all of it.
    @Test func aVolumeThatIsNotMountedIsWaitedFor() async throws {
        let sound = try await plant("sound", .receiving, held: [range(0, 9)], staged: 10)
        let verifying = try await plant("verifying", .verifying, held: [range(0, 19)], staged: 20)
        let store = surroundings.store
        _ = try await surroundings.service.recover(outbox: FakeOutbox())
        #expect(await surroundings.repository.knownFileSystem == store.fileSystem)

        let mounted = await store.fileSystem
        for id in [sound, verifying] { await store.stage(nil, for: id) }
        await store.stage([7], for: taskID(4711))
        await store.move(to: other)
        let error = await #expect(throws: UploadService.StagingNotMounted.self) {
            try await surroundings.service.recover(outbox: FakeOutbox())
        }
        #expect(error?.tasks == 2)
        #expect(await store.preparations == 1, "no folder is made in the volume's place")
        #expect(await surroundings.repository.blocks[sound]?.map(\.range) == [range(0, 9)])
        #expect(await state(verifying) == .verifying)
        #expect(await store.staged[taskID(4711)] == [7])
        #expect(await surroundings.repository.knownFileSystem == mounted)

        await store.move(to: mounted)
        await store.stage(Array(content.prefix(10)), for: sound)
        await store.stage(content, for: verifying)
        #expect(try await surroundings.service.recover(outbox: FakeOutbox()).unfinished == 1)
        #expect(
            try await StagingCheck(service: surroundings.service).run() == StagingCheck.Report(demoted: 0, orphans: 1))
    }

    /// tmpDir was moved to another disk with all that was in it, or its disk has another number since.
    @Test func filesThatAreAllThereHaveMoved() async throws {
        let id = try await plant("sound", .receiving, held: [range(0, 9)], staged: 10)
        _ = try await surroundings.service.recover(outbox: FakeOutbox())
        await surroundings.store.move(to: other)
        _ = try await surroundings.service.recover(outbox: FakeOutbox())
        #expect(await surroundings.repository.knownFileSystem == other)
        #expect(try await StagingCheck(service: surroundings.service).run().demoted == 0)
        #expect(await surroundings.repository.blocks[id]?.count == 1)
    }

    /// A backup may be of the moment at which a file went to its place: the file need not be staged any more.
    @Test func whatIsInItsPlaceIsNotMissed() async throws {
        let id = try await plant("publishing", .publishing, held: [range(0, 19)], staged: nil)
        await surroundings.repository.remember(stagingFileSystem: other)
        await #expect(throws: UploadService.StagingNotMounted.self) {
            try await surroundings.service.recover(outbox: FakeOutbox())
        }
        await surroundings.store.place(content, at: "/store/publishing")
        #expect(try await surroundings.service.recover(outbox: FakeOutbox()).unfinished == 1)
        #expect(await state(id) == .publishing)
    }

    /// Another machine, or another container: its root folder is another, and was always mounted.
    @Test(arguments: [false, true], [false, true])
    func anotherRootIsAnotherMachine(was: Bool, isNow: Bool) async throws {
        let id = try await plant("sound", .receiving, held: [range(0, 9)], staged: nil)
        await surroundings.repository.remember(
            stagingFileSystem: FileSystemIdentity(kind: 0xef53, number: 2, isRoot: was))
        await surroundings.store.move(to: FileSystemIdentity(kind: 0xef53, number: 1, isRoot: isNow))
        if was, isNow {
            _ = try await surroundings.service.recover(outbox: FakeOutbox())
            #expect(try await StagingCheck(service: surroundings.service).run().demoted == 1)
            #expect(await surroundings.repository.blocks[id] == [])
        } else {
            await #expect(throws: UploadService.StagingNotMounted.self) {
                try await surroundings.service.recover(outbox: FakeOutbox())
            }
        }
    }

    /// What lay in the memory of a machine that was started anew is gone, and asked for again.
    @Test(arguments: ["1021994:5", "858458f6:0", "794c7630:7"])
    func whatDoesNotOutliveTheMachineIsAskedForAgain(known: String) async throws {
        let id = try await plant("sound", .receiving, held: [range(0, 9)], staged: nil)
        await surroundings.repository.remember(stagingFileSystem: try #require(FileSystemIdentity(known)))
        _ = try await surroundings.service.recover(outbox: FakeOutbox())
        #expect(try await StagingCheck(service: surroundings.service).run().demoted == 1)
        #expect(await surroundings.repository.blocks[id] == [])
    }

    @Test(arguments: ["ef53:0", "ef53:1/", "1021994:ffffffffffffffff"])
    func identitiesAreReadAsTheyAreWritten(text: String) {
        #expect(FileSystemIdentity(text)?.description == text)
        for wrong in [
            "", ":", "/", "ef53", "ef53:", "ef53:/", "ef53:1//", "g:1", "1:2:3", "100000000:1",
        ] {
            #expect(FileSystemIdentity(wrong) == nil)
        }
    }

    @Test func twiceIsTheSameAsOnce() async throws {
        _ = try await plant("short", .receiving, held: [range(0, 9)], staged: 5)
        _ = try await plant("verifying", .verifying, held: [range(0, 19)], staged: 20)
        for demoted in [1, 0] {
            #expect(try await surroundings.service.recover(outbox: FakeOutbox()).unfinished == 1)
            #expect(try await StagingCheck(service: surroundings.service).run() == .init(demoted: demoted, orphans: 0))
        }
    }

    // MARK: While serving

    /// Nobody has come by yet to look at all files.
    @Test func whatIsGoneIsFoundWhenItIsAskedFor() async throws {
        let held = [range(0, 9), range(10, 19)]
        let asked = try await plant("asked", .receiving, held: held.dropLast() + [range(12, 15)], staged: 14)
        let sent = try await plant("sent", .receiving, held: [range(0, 9)], staged: nil)
        let (service, repository) = (surroundings.service, surroundings.repository)
        let progress = try await service.progress(of: surroundings.address(try #require(await repository.task(asked))))
        #expect(progress.receivedBytes == 10)
        #expect(progress.missing == [range(10, 19)])

        let task = try #require(await repository.task(sent))
        let parts = Body.block(range(10, 19), of: content)
        let receipt = try await service.receive(surroundings.address(task), parts: parts)
        #expect(receipt.missing == [range(0, 9)])
        #expect(surroundings.observer.lost == [4, 10])
    }

    /// A session that is in memory learns of a loss that another request found.
    @Test func whatWasFoundGoneIsNotBelievedAnyMore() async throws {
        let id = try await plant("asked", .receiving, held: [range(0, 9)], staged: 10)
        let task = try #require(await surroundings.repository.task(id))
        let session = try await surroundings.service.sessions.with(id) { $0 }
        #expect(try await session.heldRanges().ranges == [range(0, 9)])
        await surroundings.store.stage(nil, for: id)
        #expect(try await surroundings.service.progress(of: surroundings.address(task)).receivedBytes == 0)
        #expect(try await session.heldRanges().ranges == [])
    }

    /// Finished and gone between the look at the rows and the one at the file.
    @Test func aTaskThatClosesMeanwhileHasLostNothing() async throws {
        let id = try await plant("closing", .receiving, held: [range(0, 9)], staged: 10)
        let repository = surroundings.repository
        let loading = repository.faults.hold(.load)
        async let reading = surroundings.service.reader.read(id)
        await loading.arrived()
        await repository.plant(id, .finished)
        await surroundings.store.stage(nil, for: id)
        loading.open()
        let found = try await reading
        #expect(found?.task.state == .finished)
        #expect(surroundings.observer.lost == [])
    }
}

extension FakeObserver {
    /// How many bytes were lost each time.
    fileprivate var lost: [Int64] {
        outcomes.compactMap { if case .bytesLost(_, let bytes) = $0 { bytes } else { nil } }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ChangeStateTests {
    private let surroundings = FakeSurroundings()

    @Test(arguments: TaskState.allCases, StateRequest.allCases)
    func everyRequestInEveryState(state: TaskState, request: StateRequest) async throws {
        let task = try await surroundings.register([1, 2, 3])
        await surroundings.repository.plant(task.id, state, blocks: [Block(range: range(0, 1), md5: md5([]))])
        await surroundings.store.stage([1, 2], for: task.id)
        surroundings.journal.clear()
        surroundings.clock.advance(by: .seconds(5))
        var expected: UploadError?
        do { try state.check(request) } catch { expected = error }
        do {
            let moved = try await surroundings.service.changeState(surroundings.address(task), request)
            #expect(expected == nil)
            #expect(moved.state == request.target)
            if request == .cancel {
                #expect(surroundings.journal.entries == ["move cancelled(-3)", "remove"])
                #expect(surroundings.observer.closed == [.cancelled])
                #expect(surroundings.outboxChanges.value == 1)
            } else {
                #expect(moved.activeAt == surroundings.clock.now)
                #expect(surroundings.journal.entries == ["move \(request.target.rawValue)"])
            }
        } catch let error as UploadError {
            #expect(error.code == expected?.code)
            #expect(await surroundings.repository.task(task.id)?.state == state)
            #expect(await surroundings.store.staged[task.id] == [1, 2])
            #expect(surroundings.journal.entries == [])
        }
    }
}
