import GRDB
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// What operators ask, and what they have done again.
@Suite struct OperatorQueriesTests {
    private let fixture: DatabaseFixture
    private var queries: SQLiteOperatorQueries { SQLiteOperatorQueries(fixture.database) }

    init() throws {
        fixture = try DatabaseFixture()
    }

    private func query(_ change: (inout TaskQuery) -> Void) -> TaskQuery {
        var query = TaskQuery()
        change(&query)
        return query
    }

    private func names(_ change: (inout TaskQuery) -> Void) async throws -> [String] {
        try await queries.tasks(query(change)).tasks.map(\.file)
    }

    /// Five open ones with a second between them, and one that is cancelled.
    private func fill() async throws -> [UploadTask] {
        var tasks: [UploadTask] = []
        for (number, name) in ["a", "b", "c", "d", "e"].enumerated() {
            tasks.append(
                try await fixture.register(name, size: Int64(100 - number), server: number < 2 ? "cp1" : "cp2"))
            fixture.clock.advance(by: .seconds(1))
        }
        try await fixture.move(tasks[1], to: .paused)
        fixture.clock.advance(by: .seconds(1))
        try await fixture.commit(range(0, 49), to: tasks[2])
        try await fixture.closed("gone")
        return tasks
    }

    @Test func theLatestActivityComesFirst() async throws {
        _ = try await fill()
        #expect(try await names { _ in } == ["c", "b", "e", "d", "a"])
        #expect(try await names { $0.isDescending = false } == ["a", "d", "e", "b", "c"])
    }

    @Test func ordersAndPages() async throws {
        _ = try await fill()
        #expect(try await names { $0.sort = .size } == ["a", "b", "c", "d", "e"])
        #expect(try await names { ($0.sort, $0.isDescending) = (.created, false) } == ["a", "b", "c", "d", "e"])
        #expect(try await names { $0.sort = .progress }.first == "c")
        let page = try await queries.tasks(query { ($0.limit, $0.offset, $0.sort) = (2, 2, .size) })
        #expect(page.tasks.map(\.file) == ["c", "d"] && page.more)
        let last = try await queries.tasks(query { ($0.limit, $0.offset, $0.sort) = (2, 3, .size) })
        #expect(last.tasks.map(\.file) == ["d", "e"] && !last.more)
    }

    @Test func filters() async throws {
        let tasks = try await fill()
        #expect(try await names { $0.states = [.paused] } == ["b"])
        #expect(try await names { $0.states = [.cancelled] } == ["gone"])
        #expect(try await names { $0.states = Set(TaskState.allCases) }.count == 6)
        #expect(try await names { $0.states = [] } == [])
        #expect(try await names { $0.businessServer = "cp2" } == ["c", "e", "d"])
        #expect(try await names { $0.file = "a" } == ["a"])
        #expect(try await names { $0.user = "nobody" } == [])
        #expect(try await names { ($0.search, $0.states) = ("GON", Set(TaskState.allCases)) } == ["gone"])
        #expect(try await names { $0.search = tasks[3].id.description } == ["d"])
        #expect(try await names { $0.search = "' OR 1=1 --" } == [])
    }

    /// However many there are, the list that consoles ask for every second sorts none of them.
    @Test func openTasksByActivityComeFromAnIndex() async throws {
        let plan = try await fixture.database.pool.read { db in
            let (sql, arguments) = OperatorStatements.tasks(TaskQuery())
            return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: StatementArguments(arguments))
                .map { $0["detail"] as String }
        }
        let searches = plan.filter { $0.hasPrefix("SEARCH tasks ") }
        #expect(searches.count == 4 && searches.allSatisfy { $0.contains("tasks_open_activity (state=?)") }, "\(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN tasks") }, "\(plan)")
        // What is sorted are the few rows that each state's index gave, to be merged.
        #expect(plan.filter { $0.contains("USE TEMP B-TREE FOR ORDER BY") }.count == 4, "\(plan)")
        #expect(plan.filter { $0.hasPrefix("SCAN (subquery") }.count == 4, "\(plan)")
    }

    @Test func aReportHasEverything() async throws {
        let task = try await fixture.register("r", size: 100)
        try await fixture.commit(range(0, 9), range(50, 59), to: task)
        try await SQLiteOperatorNotes(fixture.database).note(settings: ["taskTimeout": 3600])
        let report = try #require(try await queries.report(of: task.id))
        #expect(report.held.ranges == [range(0, 9), range(50, 59)] && report.blocks == 2)
        #expect(report.task.receivedBytes == 20 && report.callback == nil)
        #expect(report.expiresAt == report.task.activeAt.advanced(by: .seconds(3600)))
        #expect(report.timeline.map(\.what) == ["created", "blocks"])
        try await fixture.move(task, to: .cancelled, callback: .cancelled)
        let closed = try #require(try await queries.report(of: task.id))
        #expect(closed.task.closedAt == fixture.clock.now && closed.task.reason == "why" && closed.expiresAt == nil)
        #expect(closed.callback?.retCode == "-3" && closed.callback?.state == .pending)
        #expect(try await queries.report(of: try #require(TaskID(1))) == nil)
    }

    @Test func troubleIsShown() async throws {
        let task = try await fixture.register("r", size: 10)
        try await fixture.commit(range(0, 9), to: task)
        try await SQLiteOperatorNotes(fixture.database).note(trouble: "the disk is full", of: task.id)
        #expect(try await queries.tasks(TaskQuery()).tasks.map(\.trouble) == ["the disk is full"])
    }

    // MARK: Callbacks

    /// Ends the attempt that is due.
    private func attempt(_ verdict: CallbackAttempt.Verdict, status: Int? = nil, error: String? = nil) async throws {
        let claimed = try await fixture.outbox.claimDue(for: "cp1", at: fixture.clock.now, limit: 1)
        try await fixture.outbox.record(
            CallbackAttempt(
                startedAt: fixture.clock.now, duration: .milliseconds(12), status: status, error: error,
                verdict: verdict),
            of: try #require(claimed.first))
    }

    private func states() async throws -> [String] {
        try await fixture.strings("SELECT state FROM callbacks ORDER BY id")
    }

    /// Dead, delivered, pending: each a minute after the other.
    private func fillOutbox() async throws -> [Timestamp] {
        var times: [Timestamp] = []
        for verdict in [CallbackAttempt.Verdict.dead, .delivered, nil] {
            times.append(fixture.clock.now)
            try await fixture.closed("t\(times.count)")
            if let verdict {
                try await attempt(verdict, status: verdict == .dead ? 500 : 200, error: verdict == .dead ? "no" : nil)
            }
            fixture.clock.advance(by: .seconds(60))
        }
        return times
    }

    @Test func callbacksNewestFirst() async throws {
        let times = try await fillOutbox()
        #expect(try await queries.callbacks(CallbackQuery()).callbacks.map(\.state) == [.pending, .dead])
        var query = CallbackQuery()
        query.states = Set(CallbackState.allCases)
        #expect(try await queries.callbacks(query).callbacks.map(\.id) == [3, 2, 1])
        (query.since, query.to) = (times[1], times[2])
        #expect(try await queries.callbacks(query).callbacks.map(\.id) == [2])
        query.businessServer = "cp2"
        #expect(try await queries.callbacks(query).callbacks.isEmpty)
    }

    @Test func oneCallbackWithItsAttempts() async throws {
        _ = try await fillOutbox()
        let dead = try #require(try await queries.callback(1))
        #expect(dead.attempts.map(\.status) == [500] && dead.attempts.map(\.durationMs) == [12])
        #expect(dead.callback.lastError == "no" && dead.callback.nextAttemptAt == nil)
        #expect(try JSONTree(Array(dead.body.utf8))["retCode"].text == "-3")
        #expect(try await queries.callback(99) == nil)
    }

    @Test func replayMakesDueWhatIsNamed() async throws {
        _ = try await fillOutbox()
        let before = try await fixture.strings("SELECT webhook_id || body FROM callbacks ORDER BY id")
        let outcome = try await fixture.outbox.replay(.ids([1, 2]), to: ["cp1": "http://new.test/"])
        #expect(outcome == ReplayOutcome(replayed: 2, left: 0))
        #expect(try await states() == ["pending", "pending", "pending"])
        #expect(try await fixture.strings("SELECT webhook_id || body FROM callbacks ORDER BY id") == before)
        let claimed = try await fixture.outbox.claimDue(for: "cp1", at: fixture.clock.now, limit: 10)
        // The attempts are counted on.
        #expect(claimed.map(\.attempt).sorted() == [1, 2, 2])
        #expect(claimed.filter { $0.id < 3 }.allSatisfy { $0.destination == "http://new.test/" })
        #expect(claimed.first { $0.id == 3 }?.destination == "http://b.test/")
    }

    @Test func whatIsBeingSentIsLeftAlone() async throws {
        _ = try await fillOutbox()
        _ = try await fixture.outbox.claimDue(for: "cp1", at: fixture.clock.now, limit: 10)
        #expect(
            try await fixture.outbox.replay(.ids([1, 3]), to: [:]) == ReplayOutcome(replayed: 1, left: 1))
        #expect(try await states() == ["pending", "delivered", "sending"])
    }

    @Test func anUnknownNumberReplaysNothing() async throws {
        _ = try await fillOutbox()
        await #expect {
            _ = try await fixture.outbox.replay(.ids([1, 99]), to: [:])
        } throws: { error in
            (error as? UploadError)?.code == .noSuchTask && "\(error)".contains("99")
        }
        #expect(try await states() == ["dead", "delivered", "pending"])
    }

    @Test func aStretchOfTime() async throws {
        let times = try await fillOutbox()
        let none = ReplaySelection.span(since: times[1], to: nil, states: [.dead], businessServer: nil)
        #expect(try await fixture.outbox.replay(none, to: [:]).replayed == 0)
        let dead = ReplaySelection.span(since: times[0], to: times[1], states: [.dead], businessServer: "cp1")
        #expect(try await fixture.outbox.replay(dead, to: [:]).replayed == 1)
        let taken = ReplaySelection.span(since: times[0], to: nil, states: [.delivered], businessServer: nil)
        #expect(try await fixture.outbox.replay(taken, to: [:]).replayed == 1)
        #expect(try await states() == ["pending", "pending", "pending"])
    }

    /// However many there are, no transaction is long.
    @Test func aStretchIsReplayedInPortions() async throws {
        let count = SQLiteCallbackOutbox.replayPortion * 2 + 1
        let since = fixture.clock.now
        for number in 0..<count { try await fixture.closed("t\(number)") }
        try await fixture.execute("UPDATE callbacks SET state = 'dead', settled_at = created_at")
        let all = ReplaySelection.span(since: since, to: nil, states: [.dead], businessServer: nil)
        #expect(try await fixture.outbox.replay(all, to: [:]) == ReplayOutcome(replayed: count, left: 0))
        #expect(try await fixture.number("SELECT count(*) FROM callbacks WHERE state = 'pending'") == Int64(count))
        #expect(try await fixture.outbox.replay(all, to: [:]).replayed == 0)
    }

    // MARK: Traffic

    @Test func samplesAreBounded() async throws {
        let notes = SQLiteOperatorNotes(fixture.database)
        func sample() -> TrafficSample {
            TrafficSample(
                at: fixture.clock.now, seconds: 10, bytes: 1, blocks: 1, requests: 1, requestSeconds: 0.1,
                openTasks: 1, waitingCallbacks: 2, deadCallbacks: 3)
        }
        let first = sample()
        try await notes.note(first)
        #expect(try await queries.samples(since: first.at) == [first])
        fixture.clock.advance(by: TrafficSample.keptFor + .seconds(1))
        let second = sample()
        try await notes.note(second)
        #expect(try await queries.samples(since: first.at) == [second], "the first is too old")
        // The clock was set back: what is of later would stay for as long.
        fixture.clock.jump(by: .seconds(-3600))
        let third = sample()
        try await notes.note(third)
        #expect(try await queries.samples(since: Timestamp(milliseconds: 0)) == [third])
    }

    // MARK: Beside the server

    @Test func theFileAloneSaysTheSame() async throws {
        _ = try await fill()
        let beside = try SQLiteOperatorQueries(path: fixture.path)
        #expect(try await beside.tasks(TaskQuery()) == queries.tasks(TaskQuery()))
        #expect(throws: AuditError.unavailable("there is no database at /no/such")) {
            _ = try SQLiteOperatorQueries(path: "/no/such")
        }
    }
}
