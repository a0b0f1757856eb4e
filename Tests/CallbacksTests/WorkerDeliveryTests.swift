import Testing
import UploadCore

@testable import Callbacks

@Suite(.timeLimit(.minutes(1)))
struct WorkerDeliveryTests {
    @Test func deliveredTheFirstTime() async throws {
        let bench = Bench()
        await bench.enqueue("cp1")
        try await bench.run { await bench.outbox.until { $0.count(.delivered) == 1 } }
        let row = try #require(await bench.outbox.rows.first)
        let attempt = try #require(row.attempts.first)
        #expect(attempt.startedAt == ManualClock.start)
        #expect(attempt.status == 200)
        #expect(attempt.error == nil)
        #expect(bench.transport.requests.count == 1)
    }

    @Test func retriedWithTheSameIDAndBytes() async throws {
        let bench = Bench(secrets: ["cp1": [UInt8](0..<32)])
        bench.transport.script("cp1", .status(500), .failure("connection refused"), .status(204))
        await bench.enqueue("cp1")
        try await bench.run {
            await bench.clock.pass(.seconds(5))
            await bench.clock.pass(.seconds(10))
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
        let attempts = try #require(await bench.outbox.rows.first?.attempts)
        #expect(attempts.map(\.error) == ["HTTP 500", "connection refused", nil])
        #expect(attempts.map(\.status) == [500, nil, 204])
        let requests = bench.transport.requests
        func values(_ name: String) -> [String] {
            requests.compactMap { request in request.headers.first { $0.name == name }?.value }
        }
        #expect(values("webhook-id") == ["msg_1", "msg_1", "msg_1"])
        #expect(values("webhook-timestamp") == ["1700000000", "1700000005", "1700000015"])
        #expect(Set(values("webhook-signature")).count == 3)
        #expect(Set(requests.map(\.body)) == [Array("{\"number\":1}".utf8)])
    }

    @Test func deadWhenTheTimeIsOver() async throws {
        let bench = Bench(delays: [.seconds(10)], giveUpAfter: .seconds(15))
        bench.transport.script("cp1", .status(302))
        await bench.enqueue("cp1")
        try await bench.run {
            await bench.clock.pass(.seconds(10))
            await bench.clock.pass(.seconds(5))
            await bench.outbox.until { $0.count(.dead) == 1 }
        }
        #expect(bench.transport.requests.count == 3)
        #expect(bench.log.lines.map(\.level) == [.warning, .warning, .error])
    }

    @Test func goneIsParkedAtOnce() async throws {
        let bench = Bench()
        bench.transport.script("cp1", .status(410))
        await bench.enqueue("cp1")
        try await bench.run { await bench.outbox.until { $0.count(.dead) == 1 } }
        #expect(bench.transport.requests.count == 1)
    }

    @Test func retryAfterIsHonoured() async throws {
        let bench = Bench()
        bench.transport.script("cp1", .status(503, retryAfter: "21"), .status(200))
        await bench.enqueue("cp1")
        try await bench.run {
            await bench.clock.pass(.seconds(21))
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
    }

    @Test(arguments: ["", "not a URL", "ftp://cp1.test/"])
    func withoutURLItWaitsUnsent(destination: String) async throws {
        let bench = Bench()
        await bench.enqueue("cp1", destination: destination)
        try await bench.run { await bench.outbox.until { $0.first?.attempts.count == 1 } }
        #expect(await bench.outbox.rows.first?.attempts.first?.error == "no URL is configured")
        #expect(await bench.outbox.rows.count(.pending) == 1)
        #expect(bench.transport.requests.isEmpty)
    }

    @Test func attemptThatTakesTooLongHasFailed() async throws {
        let bench = Bench()
        bench.transport.script("cp1", .never, .status(200))
        await bench.enqueue("cp1")
        try await bench.run {
            await bench.transport.began(1)
            await bench.clock.pass(.seconds(15))
            await bench.clock.pass(.seconds(5))
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
        #expect(await bench.outbox.rows.first?.attempts.first?.error == "timed out")
    }

    @Test func hungReceiverHoldsUpNoOther() async throws {
        let bench = Bench(concurrency: 2)
        bench.transport.script("hung", .never)
        await bench.enqueue("hung", count: 500)
        await bench.enqueue("quick", count: 50)
        try await bench.run { await bench.outbox.until { $0.count(.delivered) == 50 } }
        #expect(bench.transport.peak("hung") <= 2)
    }

    @Test func slotsAreBoundedAndAllUsed() async throws {
        let bench = Bench(concurrency: 3)
        bench.transport.script("cp1", .held)
        await bench.enqueue("cp1", count: 20)
        try await bench.run {
            await bench.transport.began(3)
            // Three are being sent, as many again have been claimed for the next free slots.
            await bench.outbox.until { $0.count(.sending) == 6 }
            bench.transport.open.raise()
            await bench.outbox.until { $0.count(.delivered) == 20 }
        }
        #expect(bench.transport.peak("cp1") == 3)
        #expect(bench.transport.requests.count == 20)
    }

    @Test func freeSlotIsFilledWithoutWaitingForTheOthers() async throws {
        let bench = Bench(concurrency: 2)
        bench.transport.script("cp1", .never, .status(200))
        await bench.enqueue("cp1", count: 10)
        try await bench.run { await bench.outbox.until { $0.count(.delivered) == 9 } }
    }

    @Test func wakingIsEnough() async throws {
        let bench = Bench()
        try await bench.run {
            await bench.clock.sleeper(for: .seconds(30))
            await bench.enqueue("cp1")
            for _ in 0..<1000 { bench.worker.wake() }
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
        #expect(bench.clock.now == ManualClock.start)
    }

    @Test func looksByItselfNowAndThen() async throws {
        let bench = Bench()
        try await bench.run {
            await bench.clock.sleeper(for: .seconds(30))
            await bench.enqueue("cp1")
            bench.clock.advance(by: .seconds(30))
            await bench.outbox.until { $0.count(.delivered) == 1 }
        }
    }

    @Test func logTellsTheTaskAndNothingThatIsSecret() async throws {
        let bench = Bench(secrets: ["cp1": Array("the key of the business server!!".utf8)])
        await bench.enqueue("cp1", destination: "http://user:password@cp1.test/callback?token=hidden")
        try await bench.run { await bench.outbox.until { $0.count(.delivered) == 1 } }
        let line = try #require(bench.log.lines.first)
        #expect(bench.log.lines.count == 1)
        #expect(line.level == .info)
        #expect(line.metadata["taskId"] == "1")
        #expect(line.metadata["businessServer"] == "cp1")
        #expect(line.metadata["attempt"] == "1")
        #expect(line.metadata["status"] == "200")
        for secret in ["user:", "password", "hidden", "the key", "number", "http"] {
            #expect(!line.text.contains(secret))
        }
    }
}
