import Testing

@testable import UploadClient

@Suite struct OutageTests {
    @Test func givesUpWithTheLastReason() async {
        let outage = Outage(giveUpAfter: .zero, reporter: SilentProgress())
        await #expect(throws: UploadFailure.gaveUp(after: .zero, reason: "connection refused")) {
            try await outage.persist { throw TransientFailure(reason: "connection refused") }
        }
    }

    @Test func repeatsPassingFailures() async throws {
        let outage = Outage(
            giveUpAfter: .seconds(3_600), backoff: Backoff(floor: .zero, ceiling: .zero), reporter: SilentProgress())
        var calls = 0
        let answer = try await outage.persist {
            calls += 1
            guard calls == 4 else { throw TransientFailure(reason: "busy") }
            return "done"
        }
        #expect(answer == "done")
        #expect(calls == 4)
    }

    @Test func doesNotRepeatOtherFailures() async {
        let outage = Outage(giveUpAfter: .seconds(3_600), reporter: SilentProgress())
        var calls = 0
        await #expect(throws: TaskGone(retCode: "2", status: "no such task")) {
            try await outage.persist {
                calls += 1
                throw TaskGone(retCode: "2", status: "no such task")
            }
        }
        #expect(calls == 1)
    }
}
