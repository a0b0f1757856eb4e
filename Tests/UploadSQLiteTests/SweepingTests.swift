import GRDB
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// What recovery, the sweeper and people look at.
@Suite struct SweepingTests {
    private let fixture: DatabaseFixture
    private var repository: SQLiteTaskRepository { fixture.repository }

    init() throws {
        fixture = try DatabaseFixture()
    }

    @Test func openTasksWithTheEndOfWhatTheyHold() async throws {
        let empty = try await fixture.register("a")
        let some = try await fixture.register("b")
        try await fixture.commit(range(50, 59), to: some)
        try await fixture.commit(range(0, 9), to: some)
        let whole = try await fixture.register("c", size: 5)
        try await fixture.commit(range(0, 4), to: whole)
        try await fixture.closed("d")
        let ends = try await repository.openTasks(in: .receiving, idleSince: nil, after: nil, limit: 9)
            .reduce(into: [:]) { $0[$1.id] = $1.heldEnd }
        #expect(ends == [empty.id: 0, some.id: 60])
        let verifying = try await repository.openTasks(in: .verifying, idleSince: nil, after: nil, limit: 9)
        #expect(verifying.map(\.id) == [whole.id])
        #expect(verifying.map(\.heldEnd) == [5])
    }

    @Test func theOpenOnesAmongSome() async throws {
        let open = [try await fixture.register("a").id, try await fixture.register("b").id]
        let closed = try await fixture.closed("c").id
        #expect(try await repository.openTasks(among: [open[1], taskID(1), closed, open[0]]) == Set(open))
        #expect(try await repository.openTasks(among: []) == [])
    }

    @Test func idleTasksPageByPage() async throws {
        var order: [OpenTask] = []
        for number in 0..<7 {
            // Two share each instant, so that the id has to decide.
            if number.isMultiple(of: 2) { fixture.clock.advance(by: .seconds(1)) }
            let task = try await fixture.register("\(number)")
            order.append(OpenTask(activeAt: task.activeAt, id: task.id, heldEnd: 0))
        }
        order.sort { ($0.activeAt, $0.id) < ($1.activeAt, $1.id) }
        let limit = order[5].activeAt
        try await fixture.move(try await fixture.register("paused"), to: .paused)
        try await fixture.closed("closed")

        var found: [OpenTask] = []
        var sizes: [Int] = []
        repeat {
            let page = try await repository.openTasks(
                in: .receiving, idleSince: limit, after: found.last, limit: 3)
            sizes.append(page.count)
            found += page
        } while sizes.last == 3
        #expect(found == Array(order.prefix(6)))
        // The first page ends between two of one instant.
        #expect(sizes == [3, 3, 0])
        let paused = try await repository.openTasks(in: .paused, idleSince: fixture.clock.now, after: nil, limit: 9)
        #expect(paused.count == 1)
    }

    @Test func aPageBeginsWhereTheLastOneEndedHoweverManyTasksAreOfOneTime() async throws {
        let plan = try await fixture.database.pool.read { (db) throws in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + Statements.openTasks)
            // Parameters without a value are NULL.
            statement.setUncheckedArguments([])
            return try Row.fetchAll(statement).map { $0["detail"] as String }
        }
        #expect(plan.contains { $0.hasSuffix("tasks_open_activity (state=? AND active_at=? AND id>?)") }, "\(plan)")
        #expect(plan.contains { $0.hasSuffix("tasks_open_activity (state=? AND active_at>? AND active_at<?)") })
        // A sort would read them all before the first.
        #expect(!plan.contains { $0.contains("TEMP B-TREE") })
    }

    @Test func purgesWhatIsClosedAndSettled() async throws {
        let open = try await fixture.register("open")
        let pending = try await fixture.closed("pending")
        let delivered = try await fixture.closed("delivered")
        let silent = try await fixture.move(try await fixture.register("silent"), to: .cancelled)
        let now = fixture.clock.now
        try await fixture.execute(
            "UPDATE callbacks SET state = 'delivered', settled_at = created_at WHERE task_id = ?",
            [delivered.id.rawValue])
        try await fixture.execute(
            "INSERT INTO callback_attempts (callback_id, attempt, started_at, duration_ms) SELECT id, 1, created_at, 0 "
                + "FROM callbacks WHERE task_id = ?", [delivered.id.rawValue])

        #expect(try await repository.purgeTasks(closedBefore: now.advanced(by: .milliseconds(-1)), limit: 10) == 0)
        #expect(try await repository.purgeTasks(closedBefore: now, limit: 1) == 1)
        #expect(try await repository.purgeTasks(closedBefore: now, limit: 10) == 1)
        #expect(try await repository.purgeTasks(closedBefore: now, limit: 10) == 0)
        for task in [delivered, silent] { #expect(try await repository.task(task.id) == nil) }
        for task in [open, pending] { #expect(try await repository.task(task.id) != nil) }
    }

    @Test func purgingTakesEverythingOfTheTask() async throws {
        let task = try await fixture.register()
        try await fixture.commit(range(0, 9), to: task)
        try await fixture.move(task, to: .cancelled, callback: .cancelled)
        try await fixture.execute("UPDATE callbacks SET state = 'dead', settled_at = created_at")
        try await fixture.execute(
            "INSERT INTO callback_attempts (callback_id, attempt, started_at, duration_ms) SELECT id, 1, created_at, 0 "
                + "FROM callbacks")
        #expect(try await repository.purgeTasks(closedBefore: fixture.clock.now, limit: 10) == 1)
        for table in ["tasks", "blocks", "events", "callbacks", "callback_attempts"] {
            #expect(try await fixture.number("SELECT count(*) FROM \(table)") == 0, "\(table)")
        }
    }

    /// What is purged leaves its room to what comes.
    @Test func aYearFitsIntoTheRoomOfAMonth() async throws {
        var pages: [Int64] = []
        for month in 1...12 {
            for number in 0..<30 {
                let task = try await fixture.register("\(month)-\(number)")
                for start in [0, 10, 20] as [Int64] { try await fixture.commit(range(start, start + 9), to: task) }
                try await fixture.move(task, to: .cancelled, callback: .cancelled)
            }
            try await fixture.execute("UPDATE callbacks SET state = 'delivered', settled_at = created_at")
            #expect(try await repository.purgeTasks(closedBefore: fixture.clock.now, limit: 100) == 30)
            pages.append(try #require(try await fixture.number("PRAGMA page_count")))
        }
        let (first, most) = (pages[0], pages.max() ?? 0)
        #expect(most <= first + first / 4, "\(pages)")
    }

    // MARK: Views

    @Test func taskProgressSaysWhatIsMissing() async throws {
        let task = try await fixture.register(size: 300)
        let sql = "SELECT percent || '% ' || missing_ranges FROM task_progress WHERE id = ?"
        #expect(try await fixture.strings(sql, [task.id.rawValue]) == ["0.0% 0-299"])
        try await fixture.commit(range(10, 19), range(20, 29), range(100, 100), to: task)
        #expect(try await fixture.strings(sql, [task.id.rawValue]) == ["7.0% 0-9, 30-99, 101-299"])
        try await fixture.commit(range(299, 299), range(0, 9), to: task)
        #expect(try await fixture.strings(sql, [task.id.rawValue]) == ["10.7% 30-99, 101-298"])
        try await fixture.commit(range(30, 99), range(101, 298), to: task)
        #expect(try await fixture.strings(sql, [task.id.rawValue]) == ["100.0% "])
        let empty = try await fixture.register("empty", size: 0)
        #expect(try await fixture.strings(sql, [empty.id.rawValue]) == ["100.0% "])
    }

    @Test func callbackBacklogShowsWhatIsUndelivered() async throws {
        try await fixture.closed("a")
        let second = try await fixture.closed("b", server: "cp2")
        try await fixture.execute(
            "UPDATE callbacks SET state = 'dead', settled_at = created_at, last_status = 500 WHERE task_id = ?",
            [second.id.rawValue])
        let sql = "SELECT business_server || ' ' || state || ' ' || ret_code FROM callback_backlog ORDER BY id"
        #expect(try await fixture.strings(sql) == ["cp1 pending -3", "cp2 dead -3"])
        try await fixture.execute("UPDATE callbacks SET state = 'delivered', settled_at = created_at")
        #expect(try await fixture.strings(sql) == [])
    }
}
