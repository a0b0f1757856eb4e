import Testing
import UploadTestSupport

@testable import UploadServer

@Suite(.timeLimit(.minutes(1))) struct TimersTests {
    private let timers = Timers.shared

    @Test func theSoonestEndsFirst() async throws {
        let ended = await withTaskGroup(of: Int?.self) { group in
            for milliseconds in [3_600_000, 300, 1, 150] {
                group.addTask {
                    do {
                        try await self.timers.sleep(for: .milliseconds(milliseconds))
                        return milliseconds
                    } catch {
                        return nil
                    }
                }
            }
            var ended: [Int?] = []
            for await one in group {
                ended.append(one)
                if ended.count == 3 { group.cancelAll() }
            }
            return ended
        }
        #expect(ended == [1, 150, 300, nil])
    }

    @Test func oneThatIsCancelledEndsAtOnceAndLeavesTheOthersAlone() async throws {
        let sleeps = (0..<100).map { number in
            Task { try await timers.sleep(for: .seconds(3600 + number % 3)) }
        }
        let other = Task { try await timers.sleep(for: .milliseconds(100)) }
        for sleep in sleeps.reversed() { sleep.cancel() }
        for sleep in sleeps { await #expect(throws: CancellationError.self) { try await sleep.value } }
        try await other.value
    }

    @Test func whoIsCancelledAlreadyDoesNotSleep() async throws {
        let sleep = Task {
            while !Task.isCancelled { await Task.yield() }
            try await timers.sleep(for: .seconds(3600))
        }
        sleep.cancel()
        await #expect(throws: CancellationError.self) { try await sleep.value }
    }

    @Test(arguments: [Duration.zero, .seconds(-5)]) func noTimeIsOver(duration: Duration) async throws {
        try await timers.sleep(for: duration)
    }
}
