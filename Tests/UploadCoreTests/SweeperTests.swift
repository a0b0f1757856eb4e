import Testing
import UploadTestSupport

@testable import UploadCore

@Suite(.timeLimit(.minutes(1))) struct SweeperTests {
    private let content = SeededGenerator.bytes(20)
    private let surroundings = FakeSurroundings()
    private var clock: ManualClock { surroundings.clock }

    private let sweeper: Sweeper

    init() {
        let limits = Sweeper.Limits(taskTimeout: .seconds(60), pausedTimeout: .seconds(600), retention: .seconds(3600))
        sweeper = Sweeper(surroundings.service, limits: limits, timeline: Timeline(surroundings.clock))
    }

    @Test func timeInWhichTheServerWasDownIsNotIdleness() async throws {
        let task = try await surroundings.register(content)
        clock.advance(by: .seconds(7200))
        let restarted = Sweeper(
            surroundings.service,
            limits: .init(taskTimeout: .seconds(3600), pausedTimeout: .seconds(3600), retention: .seconds(3600)),
            timeline: Timeline(clock))
        try await restarted.sweep()
        #expect(await state(task) == .receiving)
        try await expectTimeout(of: task, after: .seconds(300), by: restarted)
    }

    /// Not a millisecond before.
    private func expectTimeout(of task: UploadTask, after duration: Duration, by sweeper: Sweeper) async throws {
        clock.advance(by: duration - .milliseconds(1))
        try await sweeper.sweep()
        #expect(await state(task) == .receiving)
        clock.advance(by: .milliseconds(1))
        try await sweeper.sweep()
        #expect(await state(task) == .timedOut)
    }

    private func state(_ task: UploadTask) async -> TaskState? { await surroundings.repository.task(task.id)?.state }

    @Test func eachStateHasItsTimeout() async throws {
        let receiving = try await surroundings.register(content, name: "a")
        let paused = try await surroundings.register(content, name: "b")
        let verifying = try await surroundings.register(content, name: "c")
        await surroundings.repository.plant(paused.id, .paused)
        await surroundings.repository.plant(verifying.id, .verifying)

        clock.advance(by: .milliseconds(59_999))
        try await sweeper.sweep()
        #expect(await state(receiving) == .receiving)

        clock.advance(by: .milliseconds(1))
        try await sweeper.sweep()
        #expect(await state(receiving) == .timedOut)
        #expect(await state(paused) == .paused)

        clock.advance(by: .seconds(540))
        try await sweeper.sweep()
        #expect(await state(paused) == .timedOut)
        #expect(await state(verifying) == .verifying)
        #expect(surroundings.observer.closed == [.timedOut, .timedOut])
        #expect(surroundings.outboxChanges.value == 2)
        let callback = await surroundings.repository.callbacks[receiving.id]
        #expect(callback?.code == .timedOut)
        #expect(callback?.status == "timed out: no block for 60 seconds")
    }

    /// One task that can't be closed keeps neither the others of its kind nor the rest of the round from being done.
    @Test func whatCanNotBeTimedOutHoldsNothingUp() async throws {
        let stuck = try await surroundings.register(content, name: "a")
        clock.advance(by: .milliseconds(1))
        let idle = try await surroundings.register(content, name: "b")
        let paused = try await surroundings.register(content, name: "c")
        await surroundings.repository.plant(paused.id, .paused)
        clock.advance(by: .seconds(600))
        surroundings.repository.faults.fail(.move, with: UploadError(.internalError, "a damaged row"))
        try await sweeper.sweep()
        #expect(await state(stuck) == .receiving)
        #expect(await state(idle) == .timedOut)
        #expect(await state(paused) == .timedOut)
        let failures = surroundings.observer.outcomes.filter { if case .backgroundFailure = $0 { true } else { false } }
        #expect(failures.count == 1)
        try await sweeper.sweep()
        #expect(await state(stuck) == .timedOut)
    }

    /// A full disk stops all of them: it is told once, not once a task.
    @Test func aFullDiskIsToldOnce() async throws {
        for number in 0..<5 { _ = try await surroundings.register(content, name: "\(number)") }
        clock.advance(by: .seconds(60))
        surroundings.repository.faults.fail(.move, with: UploadError(.storage, "full"))
        try await sweeper.sweep()
        let failures = surroundings.observer.outcomes.filter { if case .backgroundFailure = $0 { true } else { false } }
        #expect(failures.count == 1)
        #expect(surroundings.observer.closed == [])
        try await sweeper.sweep()
        #expect(surroundings.observer.closed.count == 5)
    }

    @Test func aBlockStartsTheTimeAnew() async throws {
        let task = try await surroundings.register(content)
        clock.advance(by: .seconds(59))
        let parts = Body.block(range(0, 3), of: content)
        _ = try await surroundings.service.receive(surroundings.address(task), parts: parts)
        clock.advance(by: .seconds(59))
        try await sweeper.sweep()
        #expect(await state(task) == .receiving)
        clock.advance(by: .seconds(1))
        try await sweeper.sweep()
        #expect(await state(task) == .timedOut)
        #expect(await surroundings.store.staged.isEmpty)
    }

    /// A client that lost its place sends everything again, and what is held takes no bytes.
    @Test func aBlockThatIsHeldStartsTheTimeAnewToo() async throws {
        let task = try await surroundings.register(content)
        let address = surroundings.address(task)
        for _ in 0..<4 {
            _ = try await surroundings.service.receive(address, parts: Body.block(range(0, 3), of: content))
            clock.advance(by: .seconds(59))
            try await sweeper.sweep()
            #expect(await state(task) == .receiving)
        }
        surroundings.repository.faults.fail(.touch, with: UploadError(.storage, "full"))
        let receipt = try await surroundings.service.receive(address, parts: Body.block(range(0, 3), of: content))
        #expect(receipt.range == range(0, 3), "it is held whatever the disk says")
        clock.advance(by: .seconds(1))
        try await sweeper.sweep()
        #expect(await state(task) == .timedOut)
    }

    /// Whether the range is known yet, or the file's bytes came first.
    @Test(arguments: [Body.fields(range(0, 9), md5: md5(SeededGenerator.bytes(20)[range(0, 9)])), []])
    func aBlockThatIsComingInIsNotIdleness(fields: [BlockPart]) async throws {
        let task = try await surroundings.register(content)
        let (parts, feed) = AsyncThrowingStream<BlockPart, any Error>.makeStream()
        for part in fields + [.fileBegin] { feed.yield(part) }
        let spooling = fields.isEmpty ? surroundings.store.faults.hold(.spool) : nil
        let request = Task { try await surroundings.service.receive(surroundings.address(task), parts: parts) }
        await spooling?.arrived()
        spooling?.open()
        while !fields.isEmpty, await surroundings.service.sessions.existing(task.id)?.isReceiving != true {
            await Task.yield()
        }
        clock.advance(by: .seconds(3600))
        try await sweeper.sweep()
        #expect(await state(task) == .receiving)
        feed.finish(throwing: UploadError.interrupted)
        await #expect(throws: UploadError.self) { try await request.value }
        try await sweeper.sweep()
        #expect(await state(task) == .timedOut)
    }

    /// Whoever is given the open task again has the whole time to go on with it.
    @Test func aTaskThatIsAskedForAgainIsNotIdle() async throws {
        let task = try await surroundings.register(content)
        clock.advance(by: .seconds(59))
        #expect(try await surroundings.register(content).id == task.id)
        try await expectTimeout(of: task, after: .seconds(60), by: sweeper)
    }

    @Test func moreThanOneBatchIsSwept() async throws {
        for number in 0..<1100 { _ = try await surroundings.register(content, name: "\(number)") }
        clock.advance(by: .seconds(60))
        try await sweeper.sweep()
        #expect(surroundings.observer.closed.count == 1100)
    }

    @Test func closedTasksArePurgedAfterTheRetention() async throws {
        let task = try await surroundings.register(content)
        _ = try await surroundings.service.changeState(surroundings.address(task), .cancel)
        clock.advance(by: .milliseconds(3_599_999))
        try await sweeper.sweep()
        #expect(await state(task) == .cancelled)
        clock.advance(by: .milliseconds(1))
        try await sweeper.sweep()
        #expect(await state(task) == nil)
        #expect(surroundings.observer.outcomes.contains { if case .purged(1) = $0 { true } else { false } })
    }

    @Test func runsUntilCancelledAndOverTrouble() async throws {
        let task = try await surroundings.register(content)
        let running = Task { await sweeper.run() }
        await clock.slept(1)
        surroundings.repository.faults.fail(.move, with: UploadError(.internalError, "I/O error"))
        clock.advance(by: .seconds(60))
        await clock.slept(2)
        #expect(await state(task) == .receiving)
        #expect(surroundings.observer.outcomes.contains { if case .backgroundFailure = $0 { true } else { false } })
        clock.advance(by: .seconds(1))
        await clock.slept(3)
        #expect(await state(task) == .timedOut)
        running.cancel()
        await running.value
        #expect(clock.requested == [.seconds(1), .seconds(1), .seconds(1)])
    }
}
