import Testing
import UploadCore

@testable import Callbacks

@Suite(.timeLimit(.minutes(1)))
struct WorkerOutboxFailureTests {
    @Test(arguments: [FakeOutbox.Operation.survey, .claim])
    func failureIsWaitedOut(operation: FakeOutbox.Operation) async throws {
        let bench = Bench()
        await bench.enqueue("cp1")
        await bench.outbox.fail(operation, times: 2)
        try await bench.run {
            await bench.clock.pass(.seconds(1))
            await bench.clock.pass(.seconds(1))
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
        #expect(bench.log.lines.map(\.level) == [.error, .error, .info])
        #expect(bench.transport.requests.count == 1)
    }

    @Test func recordIsRepeatedAndNothingIsSentTwice() async throws {
        let bench = Bench()
        await bench.enqueue("cp1")
        await bench.outbox.fail(.record, times: 3)
        try await bench.run {
            for pause in [100, 200, 400] { await bench.clock.pass(.milliseconds(pause)) }
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
        #expect(bench.transport.requests.count == 1)
    }

    @Test func rowWhoseAttemptCannotBeWrittenIsSentAgain() async throws {
        let bench = Bench()
        await bench.enqueue("cp1")
        await bench.outbox.fail(.record, times: 8)
        try await bench.run {
            for exponent in 0..<7 { await bench.clock.pass(.milliseconds(100 << exponent)) }
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
        #expect(bench.transport.requests.count == 2)
        #expect(await bench.outbox.rows.first?.callback.attempt == 1)
    }
}
