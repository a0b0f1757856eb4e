import ServiceLifecycle
import Testing
import UploadCore

@testable import Callbacks

@Suite(.timeLimit(.minutes(1)))
struct WorkerStopTests {
    @Test func attemptsThatOutlastTheGraceAreGivenBack() async throws {
        let bench = Bench(concurrency: 2)
        bench.transport.script("cp1", .never)
        await bench.enqueue("cp1", count: 5)
        try await bench.serve { services in
            await bench.transport.began(2)
            await services.triggerGracefulShutdown()
            await bench.clock.pass(.seconds(3))
        }
        let rows = await bench.outbox.rows
        #expect(rows.count(.pending) == 5)
        #expect(rows.allSatisfy { $0.callback.attempt == 0 && $0.attempts.isEmpty })
        #expect(bench.transport.requests.count == 2)
    }

    @Test func attemptsThatEndInTimeCount() async throws {
        let bench = Bench(concurrency: 2)
        bench.transport.script("cp1", .held)
        await bench.enqueue("cp1", count: 5)
        try await bench.serve { services in
            await bench.transport.began(2)
            await services.triggerGracefulShutdown()
            await bench.clock.sleeper(for: .seconds(3))
            bench.transport.open.raise()
        }
        #expect(await bench.outbox.states() == [.delivered, .delivered, .pending, .pending, .pending])
        #expect(bench.clock.now == ManualClock.start)
    }

    @Test func idleWorkerStopsAtOnce() async throws {
        let bench = Bench()
        try await bench.serve { services in
            await bench.clock.sleeper(for: .seconds(30))
            await services.triggerGracefulShutdown()
        }
        #expect(bench.clock.now == ManualClock.start)
    }

    @Test func cancellationGivesEverythingBackWithoutGrace() async throws {
        let bench = Bench()
        bench.transport.script("cp1", .never)
        await bench.enqueue("cp1", count: 3)
        try await bench.run { await bench.transport.began(3) }
        let rows = await bench.outbox.rows
        #expect(rows.count(.pending) == 3)
        #expect(rows.allSatisfy { $0.callback.attempt == 0 })
        #expect(bench.clock.now == ManualClock.start)
    }

    @Test func cancellationBeforeTheStartClaimsNothing() async throws {
        let bench = Bench()
        await bench.enqueue("cp1")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { try await bench.worker.run() }
            try await group.waitForAll()
        }
        #expect(await bench.outbox.states() == [.pending])
        #expect(bench.transport.requests.isEmpty)
    }

    @Test func outboxThatRefusesTheRecordGetsTheRowBack() async throws {
        let bench = Bench()
        bench.transport.script("cp1", .held)
        await bench.enqueue("cp1")
        await bench.outbox.fail(.record, times: .max)
        try await bench.serve { services in
            await bench.transport.began(1)
            await services.triggerGracefulShutdown()
            await bench.clock.sleeper(for: .seconds(3))
            bench.transport.open.raise()
        }
        #expect(await bench.outbox.states() == [.pending])
    }

    @Test func outboxThatRefusesEverythingDoesNotHoldUpTheStop() async throws {
        let bench = Bench()
        bench.transport.script("cp1", .never)
        await bench.enqueue("cp1")
        await bench.outbox.fail(.record, times: .max)
        await bench.outbox.fail(.release, times: .max)
        try await bench.run { await bench.transport.began(1) }
        #expect(await bench.outbox.states() == [.sending])
        #expect(bench.log.lines.contains { $0.level == .error && $0.message.contains("could not give a claim back") })
    }
}
