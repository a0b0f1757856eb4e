import GRDB
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

@Suite struct SchemaTaskTests {
    private let fixture: DatabaseFixture

    init() throws {
        fixture = try DatabaseFixture()
    }

    /// Exactly the moves of ``TaskState/successors``; staying where one is is no move.
    @Test(arguments: TaskState.allCases, TaskState.allCases)
    func movesAreTheDomains(from: TaskState, to: TaskState) async throws {
        let task = try await fixture.register(size: 10)
        try await fixture.commit(range(0, 4), to: task)
        // To a state without passing the trigger, with all bytes where the state needs them.
        try await fixture.database.pool.write { (db) throws in
            let trigger = try #require(
                try String.fetchOne(db, sql: "SELECT sql FROM sqlite_schema WHERE name = 'tasks_legal_moves'"))
            try db.execute(sql: "DROP TRIGGER tasks_legal_moves")
            try db.execute(
                sql: "UPDATE tasks SET state = ?, closed_at = iif(?, created_at, NULL), received_bytes = 10",
                arguments: [from.rawValue, from.isClosed])
            try db.execute(sql: trigger)
        }
        let refusal = try await fixture.refusal(
            of: "UPDATE tasks SET state = ?, closed_at = iif(?, created_at, NULL)", [to.rawValue, to.isClosed])
        #expect((refusal == nil) == (from == to || from.successors.contains(to)))
        if let refusal { #expect(refusal.contains("illegal move")) }
    }

    @Test(arguments: [TaskState.verifying, .publishing, .finished])
    func aCompleteTaskHasAllItsBytes(state: TaskState) async throws {
        let task = try await fixture.register(size: 10)
        try await fixture.commit(range(0, 9), to: task)
        try await fixture.move(task, to: .publishing)
        if state == .finished { try await fixture.move(task, to: .finished) }
        #expect(try await fixture.refusal(of: "DELETE FROM blocks") != nil)
        #expect(try await fixture.repository.task(task.id)?.receivedBytes == 10)
        let partial = try await fixture.register("b.bin", size: 10)
        #expect(
            try await fixture.refusal(of: "UPDATE tasks SET state = 'verifying' WHERE id = ?", [partial.id.rawValue])
                != nil)
    }

    @Test(arguments: [
        "id = 5", "business_server = 'x'", "user_id = 'x'", "store_path = 'x'", "file_name = 'x'", "file_size = 5",
        "file_md5 = 'd41d8cd98f00b204e9800998ecf8427e'", "target_path = '/x'", "feedback = '1'",
        "created_at = '2026-01-01 00:00:00.000'",
    ])
    func registeredFactsDoNotChange(change: String) async throws {
        _ = try await fixture.register()
        #expect(try await fixture.refusal(of: "UPDATE tasks SET \(change)")?.contains("does not change") == true)
    }

    @Test(arguments: [
        "closed_at = '2026-01-01 00:00:00.000'", "state = 'cancelled'", "state = 'nonsense'", "active_at = 'now'",
        "received_bytes = -1", "received_bytes = 101", "held_end = 101", "received_bytes = 'x'",
    ])
    func refusesWhatContradictsItself(change: String) async throws {
        _ = try await fixture.register()
        #expect(try await fixture.refusal(of: "UPDATE tasks SET \(change)") != nil)
    }

    @Test(
        arguments: [
            ("id", 0), ("id", 9_007_199_254_740_992), ("state", "'paused'"), ("state", "'verifying'"), ("state", "'x'"),
            ("business_server", "''"), ("file_name", "''"), ("file_name", "'a/b'"), ("file_size", -1),
            ("file_md5", "'D41D8CD98F00B204E9800998ECF8427E'"), ("file_md5", "'d41d'"), ("target_path", "'relative'"),
            ("feedback", "'{nonsense'"), ("created_at", "'2026-01-01'"), ("active_at", "'2026-01-01 00:00:00'"),
            ("user_id", "NULL"),
        ] as [(String, any CustomStringConvertible & Sendable)])
    func refusesMalformedTasks(column: String, value: any CustomStringConvertible & Sendable) async throws {
        let good = [
            "id": "5", "state": "'receiving'", "business_server": "'cp1'", "user_id": "'u'", "store_path": "'/s'",
            "file_name": "'f'", "file_size": "10", "file_md5": "'d41d8cd98f00b204e9800998ecf8427e'",
            "target_path": "'/s/f'", "feedback": "'{}'", "created_at": "'2026-01-01 00:00:00.000'",
            "active_at": "'2026-01-01 00:00:00.000'",
        ]
        func insert(_ row: [String: String]) -> String {
            let columns = row.keys.sorted()
            let values = columns.compactMap { row[$0] }
            return "INSERT INTO tasks (\(columns.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))"
        }
        let bad = good.merging([column: value.description]) { $1 }
        #expect(try await fixture.refusal(of: insert(bad)) != nil)
        #expect(try await fixture.refusal(of: insert(good)) == nil)
    }

    // MARK: Events and callbacks

    @Test(arguments: ["UPDATE events SET detail = 'x'", "UPDATE events SET at = at", "DELETE FROM events"])
    func eventsAreAppendOnly(sql: String) async throws {
        _ = try await fixture.register()
        #expect(try await fixture.refusal(of: sql)?.contains("append-only") == true)
    }

    private static let callback = """
        INSERT INTO callbacks (webhook_id, task_id, business_server, destination, body, state, next_attempt_at, created_at)
        VALUES (?, ?, 'cp1', '', ?, 'pending', '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000')
        """

    @Test func aTaskEndsOnceAndOnlyWhenClosed() async throws {
        let open = try await fixture.register()
        #expect(
            try await fixture.refusal(of: Self.callback, ["x", open.id.rawValue, "{}"])?.contains("only a closed")
                == true)
        #expect(try await fixture.refusal(of: Self.callback, ["x", 4711, "{}"]) != nil)
        let closed = try await fixture.closed("b.bin")
        #expect(try await fixture.refusal(of: Self.callback, ["x", closed.id.rawValue, "{}"]) != nil)
        #expect(try await fixture.number("SELECT count(*) FROM callbacks") == 1)
    }

    @Test(arguments: [("a.b", "{}"), ("", "{}"), ("x", "{")]) func refusesMalformedCallbacks(
        webhook: String, body: String
    ) async throws {
        let task = try await fixture.move(try await fixture.register(), to: .cancelled)
        #expect(try await fixture.refusal(of: Self.callback, [webhook, task.id.rawValue, body]) != nil)
        #expect(try await fixture.refusal(of: Self.callback, ["x", task.id.rawValue, "{}"]) == nil)
    }

    @Test(arguments: [
        "webhook_id = 'x'", "task_id = 1", "business_server = 'x'", "body = '1'", "created_at = created_at",
        "state = 'delivered'", "settled_at = created_at", "attempts = -1", "state = 'x'", "next_attempt_at = 'soon'",
    ])
    func aCallbackIsSentAsItWasEnqueued(change: String) async throws {
        try await fixture.closed("a.bin")
        #expect(try await fixture.refusal(of: "UPDATE callbacks SET \(change)") != nil)
    }
}
