import GRDB
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// What people find in the database.
@Suite struct OperatorViewsTests {
    private let fixture: DatabaseFixture
    private let notes: SQLiteOperatorNotes

    init() throws {
        fixture = try DatabaseFixture()
        notes = SQLiteOperatorNotes(fixture.database)
    }

    private func rows(_ sql: String) async throws -> [String] {
        try await fixture.database.pool.read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { String.fromDatabaseValue($0) ?? "\($0.storage.value ?? "-")" }
                    .joined(separator: "|")
            }
        }
    }

    private func complete(_ name: String) async throws -> UploadTask {
        let task = try await fixture.register(name, size: 10)
        try await fixture.commit(range(0, 9), to: task)
        return task
    }

    /// Scripts of operators read them: a column may be added at the end, and nothing else changes.
    @Test(arguments: [
        (
            "task_progress",
            "id,state,business_server,user,file,received_bytes,total_bytes,percent,missing_ranges,target_path,reason,"
                + "created_at,active_at,age_seconds,idle_seconds"
        ),
        (
            "callback_backlog",
            "id,task_id,business_server,destination,state,attempts,next_attempt_at,last_status,last_error,ret_code,age_seconds"
        ),
        ("stuck_tasks", "id,state,business_server,user,file,since,hours,why"),
        ("task_timeline", "task_id,at,what,detail"),
        (
            "receivers",
            "business_server,delivered,waiting,dead,last_delivery_at,failing_since,last_error,oldest_waiting_at,"
                + "next_attempt_at"
        ),
        ("hourly_throughput", "hour,blocks,tasks,bytes,mib_per_second"),
        ("daily_outcomes", "day,state,tasks,bytes"),
        ("uploaders", "business_server,user,tasks,open_tasks,finished_tasks,bytes,last_active_at"),
        (
            "finished_files",
            "id,business_server,user,file,target_path,file_md5,bytes,created_at,received_at,closed_at,transfer_seconds,"
                + "finishing_seconds,mib_per_second"
        ),
        ("expiring_tasks", "id,state,business_server,user,file,active_at,expires_at,in_hours"),
        ("disk_promises", "business_server,open_tasks,promised_bytes,received_bytes,missing_bytes,missing_gib"),
    ])
    func viewsKeepTheirColumns(view: String, columns: String) async throws {
        let found = try await rows("SELECT group_concat(name) FROM pragma_table_info('\(view)')")
        #expect(found == [columns])
    }

    @Test func everyViewIsOneOfThese() async throws {
        #expect(
            try await rows("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name") == [
                "callback_backlog", "daily_outcomes", "disk_promises", "expiring_tasks", "finished_files",
                "hourly_throughput", "receivers", "stuck_tasks", "task_progress", "task_timeline", "uploaders",
            ])
    }

    // MARK: Trouble

    @Test func troubleIsWrittenDownUntilTheTaskGoesOn() async throws {
        let task = try await complete("a")
        try await notes.note(trouble: "the disk is full", of: task.id)
        fixture.clock.advance(by: .seconds(2))
        try await notes.note(trouble: "the disk is broken", of: task.id)
        let (since, last) = (fixture.clock.now.advanced(by: .seconds(-2)), fixture.clock.now)
        #expect(
            try await rows("SELECT * FROM task_troubles") == ["\(task.id)|\(since)|\(last)|2|the disk is broken"])
        #expect(
            try await rows("SELECT id, since, why FROM stuck_tasks") == [
                "\(task.id)|\(since)|the file can't be finished: the disk is broken (2 times)"
            ])
        try await fixture.move(task, to: .publishing)
        #expect(try await rows("SELECT times FROM task_troubles") == ["2"])
        try await fixture.move(task, to: .finished, callback: .finished)
        #expect(try await rows("SELECT * FROM task_troubles") == [])
    }

    @Test func bytesThatAreAskedForAgainEndTheTrouble() async throws {
        let task = try await complete("a")
        try await notes.note(trouble: "gone", of: task.id)
        _ = try await fixture.repository.discardBlocks(of: task.id, keepingBytesBelow: 0, reason: "gone")
        #expect(try await rows("SELECT * FROM task_troubles") == [])
    }

    /// The task may have come to its end while its trouble was on the way.
    @Test func nothingIsWrittenOfATaskThatIsNotBeingFinished() async throws {
        let open = try await fixture.register("a")
        let closed = try await fixture.closed("b")
        for id in [open.id, closed.id, taskID(7)] { try await notes.note(trouble: "late", of: id) }
        #expect(try await rows("SELECT * FROM task_troubles") == [])
        let refusal = try await fixture.refusal(
            of: "INSERT INTO task_troubles (task_id, since, last_at, error) "
                + "SELECT id, created_at, created_at, 'x' FROM tasks")
        #expect(refusal == "only a task that is being finished has trouble with it")
    }

    // MARK: When things end

    @Test func whatIsConfiguredSaysWhenTasksExpire() async throws {
        let task = try await fixture.register("a")
        let paused = try await fixture.move(try await fixture.register("b"), to: .paused)
        _ = try await complete("c")
        #expect(try await rows("SELECT id FROM expiring_tasks") == [], "nothing is known yet")
        try await notes.note(settings: ["taskTimeout": 1, "pausedTimeout": 60])
        try await notes.note(settings: ["taskTimeout": 3600, "pausedTimeout": 60])
        #expect(
            try await rows("SELECT id, expires_at FROM expiring_tasks") == [
                "\(paused.id)|\(paused.activeAt.advanced(by: .seconds(60)))",
                "\(task.id)|\(task.activeAt.advanced(by: .seconds(3600)))",
            ])
    }

    // MARK: What happened

    @Test func aTasksTimelineInOrder() async throws {
        let (task, other) = (try await fixture.register("a", size: 100), try await fixture.register("b"))
        try await fixture.commit(range(0, 9), to: other)
        let start = fixture.clock.now
        try await fixture.commit(range(0, 49), to: task)
        try await fixture.commit(range(50, 59), to: task)
        fixture.clock.advance(by: .seconds(60))
        try await fixture.commit(range(60, 99), to: task)
        let end = fixture.clock.now
        try await fixture.move(task, to: .failed, callback: .checksumMismatch)
        try await fixture.execute(
            """
            INSERT INTO callback_attempts (callback_id, attempt, started_at, duration_ms, status, error)
            SELECT id, 1, created_at, 12, 500, 'HTTP 500' FROM callbacks UNION ALL
            SELECT id, 2, created_at, 15000, NULL, 'no answer in time' FROM callbacks
            """)
        #expect(
            try await rows("SELECT at, what, detail FROM task_timeline WHERE task_id = \(task.id)") == [
                "\(start)|created|", "\(start)|blocks|2 blocks, 60 bytes, until \("\(start)".suffix(12))",
                "\(end)|blocks|1 block, 40 bytes, until \("\(end)".suffix(12))", "\(end)|received|",
                "\(end)|failed|why", "\(end)|callback|attempt 1: HTTP 500 after 12 ms",
                "\(end)|callback|attempt 2: no answer after 15000 ms, no answer in time",
            ])
    }
}
