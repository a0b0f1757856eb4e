import Testing
import UploadTestSupport

@testable import UploadCore

/// The wall clock is set, and nothing times out or becomes due that should not.
@Suite(.timeLimit(.minutes(1))) struct TimelineTests {
    private static let day = Duration.seconds(86_400)
    private let surroundings = FakeSurroundings()
    private let content = SeededGenerator.bytes(20)
    private var clock: ManualClock { surroundings.clock }

    private func sweeper() -> Sweeper {
        let limits = Sweeper.Limits(taskTimeout: .seconds(60), pausedTimeout: .seconds(600), retention: .seconds(3600))
        return Sweeper(surroundings.service, limits: limits, timeline: Timeline(clock))
    }

    private func state(_ task: UploadTask) async -> TaskState? { await surroundings.repository.task(task.id)?.state }

    @Test(arguments: [day, .zero - day]) func aSteadyUploadLivesThroughAJump(jump: Duration) async throws {
        let sweeper = sweeper()
        clock.advance(by: .seconds(100))
        let before = try await surroundings.register(content, name: "before")
        try await sweeper.sweep()
        clock.advance(by: .seconds(30))
        clock.jump(by: jump)
        let after = try await surroundings.register(content, name: "after")
        try await sweeper.sweep()
        clock.advance(by: .seconds(29))
        try await sweeper.sweep()
        #expect(await state(before) == .receiving, "59 seconds are no minute")
        #expect(await state(after) == .receiving)
        clock.advance(by: .seconds(30))
        try await sweeper.sweep()
        #expect(await state(after) == .receiving, "59 seconds are no minute")
        clock.advance(by: .seconds(1))
        try await sweeper.sweep()
        #expect(await state(after) == .timedOut)
    }

    /// A thread that has to wait, on a machine that is busy.
    private struct HesitantClock: ServiceClock {
        let clock: ManualClock
        let hesitation = Counter()
        let duration: Duration

        var now: Timestamp {
            // Once, between the look at the uptime and the one at the wall clock.
            if hesitation.value == 1 { clock.advance(by: duration) }
            hesitation.increment()
            return clock.now
        }
        var uptime: Duration { clock.uptime }
        func sleep(for duration: Duration) async throws { try await clock.sleep(for: duration) }
    }

    @Test(arguments: [1900, 30_000]) func aWaitBetweenTwoLooksIsNoJump(milliseconds: Int) {
        let timeline = Timeline(HesitantClock(clock: clock, duration: .milliseconds(milliseconds)))
        #expect(timeline.instant(ago: .seconds(10)) == clock.now.advanced(by: .seconds(-10)))
        #expect(timeline.look() == .zero)
    }

    /// What was stored in between bears times that are a day too early for the clock of before and of now.
    @Test func aSteadyUploadLivesThroughAJumpAndBack() async throws {
        let sweeper = sweeper()
        clock.advance(by: .seconds(100))
        try await sweeper.sweep()
        clock.jump(by: .zero - Self.day)
        try await sweeper.sweep()
        clock.advance(by: .seconds(10))
        let between = try await surroundings.register(content)
        clock.jump(by: Self.day)
        for _ in 0..<59 {
            clock.advance(by: .seconds(1))
            try await sweeper.sweep()
        }
        #expect(await state(between) == .receiving, "59 seconds are no minute")
        clock.advance(by: .seconds(11))
        try await sweeper.sweep()
        #expect(await state(between) == .timedOut)
    }

    @Test func aForwardJumpPutsNothingOff() async throws {
        let sweeper = sweeper()
        clock.advance(by: .seconds(100))
        let task = try await surroundings.register(content)
        try await sweeper.sweep()
        clock.jump(by: Self.day)
        clock.advance(by: .seconds(60))
        try await sweeper.sweep()
        #expect(await state(task) == .timedOut)
    }

    @Test func recordsAreKeptForTheirTime() async throws {
        let sweeper = sweeper()
        let task = try await surroundings.register(content)
        _ = try await surroundings.service.changeState(surroundings.address(task), .cancel)
        clock.jump(by: Self.day)
        try await sweeper.sweep()
        #expect(await state(task) == .cancelled)
        clock.advance(by: .seconds(3600))
        try await sweeper.sweep()
        #expect(await state(task) == nil)
    }

    @Test func smallAdjustmentsAreNoJumps() {
        let timeline = Timeline(clock)
        for _ in 0..<100 {
            clock.advance(by: .seconds(1))
            clock.jump(by: .milliseconds(500))
            #expect(timeline.look() == .zero)
        }
        clock.jump(by: .seconds(-3))
        #expect(timeline.look() == .seconds(-3))
        clock.jump(by: .seconds(10))
        #expect(timeline.look() == .seconds(7))
    }

    @Test func whatIsDueMovesWithTheClock() async {
        let outbox = FakeOutbox()
        await outbox.postponements.failOnce()
        let changes = Counter()
        let watch = ClockWatch(
            Timeline(clock), outbox: outbox, longestPause: .seconds(1), clock: clock, observer: surroundings.observer
        ) { changes.increment() }
        let running = Task { await watch.run() }
        await clock.slept(1)
        clock.jump(by: Self.day)
        clock.advance(by: .seconds(1))
        // The first time fails, the second look makes up for it.
        await clock.slept(2)
        #expect(await outbox.postponements.durations == [])
        clock.advance(by: .seconds(1))
        await changes.reach(1)
        #expect(await outbox.postponements.durations == [Self.day])
        await clock.slept(3)
        clock.jump(by: .zero - Self.day)
        clock.advance(by: .seconds(1))
        await changes.reach(2)
        #expect(await outbox.postponements.durations == [Self.day, .zero - Self.day])
        running.cancel()
        await running.value
    }
}
