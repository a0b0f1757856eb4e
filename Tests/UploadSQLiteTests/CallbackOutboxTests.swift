import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

@Suite struct CallbackOutboxTests {
    private let fixture: DatabaseFixture
    private var outbox: SQLiteCallbackOutbox { fixture.outbox }
    private var now: Timestamp { fixture.clock.now }

    init() throws {
        fixture = try DatabaseFixture()
    }

    private func row(_ columns: String) async throws -> [String] {
        try await fixture.strings("SELECT \(columns) FROM callbacks ORDER BY id")
    }

    private func attempt(_ verdict: CallbackAttempt.Verdict, status: Int? = nil, error: String? = nil)
        -> CallbackAttempt
    {
        CallbackAttempt(
            startedAt: now, duration: .milliseconds(250), status: status, error: error, verdict: verdict)
    }

    /// A callback that waits after a failed attempt, due in five seconds.
    private func waiting(_ fixture: DatabaseFixture) async throws {
        try await fixture.closed("a")
        let claimed = try await fixture.outbox.claimDue(for: "cp1", at: fixture.clock.now, limit: 1)
        let failed = CallbackAttempt(
            startedAt: fixture.clock.now, duration: .zero, status: 500, error: nil,
            verdict: .retry(at: fixture.clock.now.advanced(by: .seconds(5))))
        try await fixture.outbox.record(failed, of: claimed[0])
    }

    @Test(arguments: [Duration.seconds(86_400), .milliseconds(-86_400_001), .milliseconds(1)])
    func postponesWhatWaits(by duration: Duration) async throws {
        let fixture = try DatabaseFixture()
        try await waiting(fixture)
        try await fixture.closed("b")
        let claimed = try await fixture.outbox.claimDue(for: "cp1", at: fixture.clock.now, limit: 1)
        let due = fixture.clock.now
        fixture.clock.jump(by: duration)
        try await fixture.outbox.postpone(by: duration, longestPause: .seconds(6))
        let pending = try await fixture.strings("SELECT next_attempt_at FROM callbacks WHERE state = 'pending'")
        #expect(pending == [due.advanced(by: duration + .seconds(5)).description])
        let sending = try await fixture.strings("SELECT next_attempt_at FROM callbacks WHERE state = 'sending'")
        #expect(sending == [due.description] && claimed.count == 1)
    }

    /// Written after the clock was set, and before that was noticed.
    @Test(arguments: [Duration.seconds(86_400), .seconds(-86_400)])
    func doesNotPostponeWhatHasTheNewTime(duration: Duration) async throws {
        let fixture = try DatabaseFixture()
        fixture.clock.jump(by: duration)
        try await waiting(fixture)
        try await fixture.closed("new")
        try await fixture.outbox.postpone(by: duration, longestPause: .seconds(6))
        let claimed = try await fixture.outbox.claimDue(for: "cp1", at: fixture.clock.now, limit: 10)
        #expect(claimed.contains { $0.attempt == 1 }, "one that was never attempted is due")
        fixture.clock.advance(by: .seconds(6))
        let later = try await fixture.outbox.claimDue(for: "cp1", at: fixture.clock.now, limit: 10)
        #expect(claimed.count + later.count == 2, "and the other after the longest pause")
    }

    /// Written before the clock was set back.
    @Test func whatWasNeverAttemptedIsDueThoughTheClockWasSetBack() async throws {
        try await fixture.closed("a")
        fixture.clock.jump(by: .seconds(-86_400))
        try await outbox.postpone(by: .seconds(-86_400), longestPause: .seconds(6))
        #expect(try await outbox.claimDue(for: "cp1", at: now, limit: 10).count == 1)
    }

    @Test func claimsALaneInOrderUpToTheLimit() async throws {
        var names: [TaskID] = []
        for number in 0..<5 {
            names.append(try await fixture.closed("\(number)").id)
            fixture.clock.advance(by: .seconds(1))
        }
        try await fixture.closed("other", server: "cp2")
        // The fifth is not due yet at that moment.
        let moment = now.advanced(by: .milliseconds(-1001))
        let first = try await outbox.claimDue(for: "cp1", at: moment, limit: 3)
        #expect(first.map(\.taskID) == Array(names[0..<3]))
        #expect(first.map(\.attempt) == [1, 1, 1])
        #expect(first.map(\.webhookID) == names[0..<3].map { "task_\($0)" })
        #expect(first[0].destination == "http://b.test/")
        #expect(first[0].body.contains(#""retCode":"-3""#))
        #expect(first[0].createdAt == moment.advanced(by: .milliseconds(1001 - 5000)))
        #expect(try await outbox.claimDue(for: "cp1", at: moment, limit: 3).map(\.taskID) == [names[3]])
        #expect(try await outbox.claimDue(for: "cp1", at: moment, limit: 3) == [])
        #expect(try await outbox.claimDue(for: "cp1", at: now, limit: 3).map(\.taskID) == [names[4]])
        #expect(try await outbox.claimDue(for: "cp3", at: now, limit: 3) == [])
    }

    @Test func theLongestDueAreClaimedFirst() async throws {
        let first = try await fixture.closed("a")
        let second = try await fixture.closed("b")
        let claimed = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        #expect(claimed.map(\.taskID) == [first.id])
        try await outbox.record(attempt(.retry(at: now.advanced(by: .seconds(5)))), of: claimed[0])
        fixture.clock.advance(by: .seconds(10))
        #expect(try await outbox.claimDue(for: "cp1", at: now, limit: 1).map(\.taskID) == [second.id])
        let retried = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        #expect(retried.map(\.taskID) == [first.id])
        #expect(retried.map(\.attempt) == [2])
    }

    @Test func earliestFirstWithinOneClaimToo() async throws {
        let first = try await fixture.closed("a")
        let second = try await fixture.closed("b")
        let claimed = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        try await outbox.record(attempt(.retry(at: now.advanced(by: .seconds(5)))), of: claimed[0])
        fixture.clock.advance(by: .seconds(10))
        let both = try await outbox.claimDue(for: "cp1", at: now, limit: 2)
        #expect(both.map(\.taskID) == [second.id, first.id])
    }

    @Test(
        arguments: [
            (CallbackAttempt.Verdict.delivered, 204, nil, "delivered"), (.dead, nil, "no route", "dead"),
        ] as [(CallbackAttempt.Verdict, Int?, String?, String)])
    func settles(verdict: CallbackAttempt.Verdict, status: Int?, error: String?, state: String) async throws {
        try await fixture.closed("a")
        let claimed = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        try await outbox.record(attempt(verdict, status: status, error: error), of: claimed[0])
        let end = now.advanced(by: .milliseconds(250))
        #expect(try await row("state || ' ' || settled_at || ' ' || attempts") == ["\(state) \(end) 1"])
        let said = "\(status.map { "\($0)" } ?? "-") \(error ?? "-")"
        #expect(try await row("coalesce(last_status, '-') || ' ' || coalesce(last_error, '-')") == [said])
        let attempts = try await fixture.strings(
            """
            SELECT attempt || ' ' || started_at || ' ' || duration_ms || ' ' || coalesce(status, '-') || ' '
                   || coalesce(error, '-') FROM callback_attempts
            """)
        #expect(attempts == ["1 \(now) 250 \(said)"])
        #expect(try await outbox.pendingDestinations() == [])
    }

    @Test func aRetryWaitsForItsTime() async throws {
        try await fixture.closed("a")
        let due = now.advanced(by: .seconds(30))
        let claimed = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        try await outbox.record(attempt(.retry(at: due), status: 500), of: claimed[0])
        #expect(try await outbox.pendingDestinations() == [PendingDestination(businessServer: "cp1", dueAt: due)])
        #expect(try await outbox.claimDue(for: "cp1", at: due.advanced(by: .milliseconds(-1)), limit: 1) == [])
        let again = try await outbox.claimDue(for: "cp1", at: due, limit: 1)
        #expect(again.map(\.attempt) == [2])
        #expect(again[0].body == claimed[0].body)
        #expect(again[0].webhookID == claimed[0].webhookID)
        try await outbox.record(attempt(.delivered, status: 200), of: again[0])
        #expect(try await fixture.number("SELECT count(*) FROM callback_attempts") == 2)
    }

    /// The sqlite3 shell has foreign keys off: attempts stay behind when somebody deletes their callback, and its number
    /// is given out again.
    @Test func aNumberThatIsGivenOutAgainBringsNoAttemptsAlong() async throws {
        try await fixture.closed("a")
        let first = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        try await outbox.record(attempt(.dead, status: 500), of: first[0])
        let shell = try fixture.otherConnection()
        try await shell.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF; DELETE FROM callbacks")
        }
        #expect(try await fixture.number("SELECT count(*) FROM callback_attempts") == 1)
        try await fixture.closed("b")
        let second = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        #expect(second[0].id == first[0].id)
        try await outbox.record(attempt(.delivered, status: 200), of: second[0])
        #expect(try await row("state || attempts") == ["delivered1"])
    }

    @Test func aReleasedClaimDoesNotCount() async throws {
        try await fixture.closed("a")
        let claimed = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        try await outbox.release(claimed[0])
        #expect(try await row("state || attempts") == ["pending0"])
        #expect(try await outbox.claimDue(for: "cp1", at: now, limit: 1).map(\.attempt) == [1])
    }

    @Test func aStartTakesAllClaimsBack() async throws {
        for number in 0..<3 { try await fixture.closed("\(number)") }
        let claimed = try await outbox.claimDue(for: "cp1", at: now, limit: 2)
        try await outbox.record(attempt(.delivered), of: claimed[0])
        #expect(try await outbox.releaseAllClaims() == 1)
        #expect(try await outbox.releaseAllClaims() == 0)
        // The attempt that the crash cut off keeps its number: it may have arrived.
        let again = try await outbox.claimDue(for: "cp1", at: now, limit: 9)
        #expect(again.map(\.attempt) == [2, 1])
    }

    @Test func readdressesWhatIsUndelivered() async throws {
        try await fixture.closed("a")
        try await fixture.closed("b", server: "cp2")
        try await fixture.closed("c")
        let claimed = try await outbox.claimDue(for: "cp1", at: now, limit: 1)
        try await outbox.record(attempt(.delivered), of: claimed[0])
        try await outbox.readdress(to: ["cp1": "https://new.test/", "cp3": "https://x.test/"])
        #expect(try await row("destination") == ["http://b.test/", "http://b.test/", "https://new.test/"])
    }

    @Test func pendingDestinationsWithTheirEarliest() async throws {
        #expect(try await outbox.pendingDestinations() == [])
        let start = now
        try await fixture.closed("a", server: "b")
        fixture.clock.advance(by: .seconds(1))
        try await fixture.closed("b", server: "a")
        try await fixture.closed("c", server: "b")
        try await fixture.closed("d", server: "c")
        _ = try await outbox.claimDue(for: "c", at: now, limit: 1)
        let expected = [
            PendingDestination(businessServer: "a", dueAt: now), PendingDestination(businessServer: "b", dueAt: start),
        ]
        #expect(try await outbox.pendingDestinations() == expected)
    }

    @Test func twoClaimersNeverGetTheSame() async throws {
        for number in 0..<20 { try await fixture.closed("\(number)") }
        let moment = now
        let ids = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<10 {
                group.addTask { [outbox] in try await outbox.claimDue(for: "cp1", at: moment, limit: 3).map(\.id) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(ids.count == 20)
        #expect(Set(ids).count == 20)
    }
}
