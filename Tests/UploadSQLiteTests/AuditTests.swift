import GRDB
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// The database as the doctor sees it.
@Suite struct AuditTests {
    private let fixture: DatabaseFixture

    init() throws {
        fixture = try DatabaseFixture()
    }

    @Test(arguments: AuditStatements.all.map(\.name)) func noStatementScansATable(name: String) async throws {
        let sql = try #require(AuditStatements.all.first { $0.name == name }?.sql)
        try await fixture.database.pool.read { (db) throws in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            // Parameters without a value are NULL.
            statement.setUncheckedArguments([])
            let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
            for row in try Row.fetchAll(statement) {
                let words = (row["detail"] as String).split(separator: " ").map(String.init)
                #expect(words.count < 2 || words[0] != "SCAN" || !tables.contains(words[1]), "\(name): \(words)")
            }
        }
    }

    @Test func theFactsOfATask() async throws {
        let audit = try SQLiteAudit(path: fixture.path)
        let task = try await fixture.register()
        try await fixture.commit(range(10, 19), range(30, 39), to: task)
        let open = try #require(try await audit.task(task.id))
        #expect(open.rows.count == 2 && open.rows.bytes == 20 && open.rows.end == 40)
        #expect(open.rows.overlapping == 0 && open.rows.outside == 0)
        #expect(open.callbacks.isEmpty && open.ends.isEmpty && open.closedAt == nil)
        #expect(try await audit.tasks(after: nil, limit: 5) == [open])
        #expect(try await audit.tasks(after: task.id, limit: 5) == [])
        let blocks = try await audit.blocks(of: task.id, after: nil, limit: 5)
        #expect(blocks.map(\.range) == [range(10, 19), range(30, 39)])
        #expect(try await audit.blocks(of: task.id, after: 10, limit: 5) == [blocks[1]])
        let changed = Block(range: blocks[0].range, md5: md5([9]))
        #expect(try await audit.stillHeld([changed, blocks[1]], of: task.id) == [blocks[1]])
        try await fixture.move(task, to: .cancelled, callback: .cancelled)
        #expect(try await audit.stillHeld(blocks, of: task.id) == [])
        let closed = try #require(try await audit.task(task.id))
        #expect(closed.ends == ["cancelled"] && closed.callbacks.map(\.state) == [.pending])
        #expect(closed.closedAt == fixture.clock.now)
    }

    @Test func aConnectionThatOnlyReads() async throws {
        _ = try await fixture.register()
        try fixture.database.close()
        let before = TemporaryDirectory.read(fixture.path)
        let audit = try SQLiteAudit(path: fixture.path)
        #expect(try await audit.integrityFaults() == [])
        #expect(try await audit.schemaFaults() == [])
        #expect(try await audit.strayRows() == [])
        #expect(try await audit.installationID().count == 16)
        try audit.close()
        #expect(TemporaryDirectory.read(fixture.path) == before)
    }

    // MARK: Repairs

    private func repair() throws -> SQLiteRepair {
        try SQLiteRepair(path: fixture.path) { [clock = fixture.clock] in clock.now }
    }

    @Test func rowsAreCorrectedWhateverTheSumsSay() async throws {
        let task = try await fixture.register(size: 40)
        try await fixture.commit(range(0, 9), range(10, 19), range(20, 29), range(30, 39), to: task)
        try await fixture.move(task, to: .publishing)
        try await fixture.database.pool.writeWithoutTransaction { (db) throws in
            // What the counting trigger would start from is below what it takes away.
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "UPDATE tasks SET received_bytes = 3, held_end = 3")
            try db.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
        let repair = try repair()
        #expect(try await repair.correctRows(of: task.id, lost: [0, 20]) == "20 bytes are asked for again")
        #expect(try await repair.correctRows(of: task.id, lost: [0, 20]) == nil, "done")
        let row = try await fixture.strings(
            "SELECT state || ' ' || received_bytes || ' ' || held_end FROM tasks")
        #expect(row == ["receiving 20 40"])
        #expect(try await fixture.refusal(of: "UPDATE tasks SET received_bytes = -1") != nil, "checked again")
        #expect(
            try await fixture.strings("SELECT detail FROM events WHERE kind = 'bytesLost'").first?
                .contains("(20 bytes)") == true)
    }

    @Test func whatNeedsNoRepairIsLeftAlone() async throws {
        let open = try await fixture.register("open")
        let closed = try await fixture.closed("closed")
        let before = try await fixture.strings("SELECT kind FROM events ORDER BY id")
        let repair = try repair()
        let draft = CallbackDraft(.cancelled, status: "", destination: "")
        for id in [open.id, closed.id, taskID(4711)] {
            #expect(try await repair.correctRows(of: id, lost: [0]) == nil)
            #expect(try await repair.enqueue(draft, for: id) == nil)
            #expect(try await repair.removeCallback(of: id) == nil)
            #expect(try await repair.correctAttempts(of: id) == nil)
            #expect(try await repair.sendAgain(id) == nil)
            #expect(try await repair.releaseCallback(of: id) == nil)
            #expect(try await repair.writeEvent(of: id) == nil)
        }
        for table in ["blocks", "events", "callbacks", "callback_attempts", "tasks"] {
            #expect(try await repair.removeStrayRows(of: table) == nil)
        }
        #expect(try await fixture.strings("SELECT kind FROM events ORDER BY id") == before)
        #expect(try await fixture.number("SELECT count(*) FROM callbacks WHERE state = 'pending'") == 1)
    }

    @Test func aCallbackWithoutATaskIsStillDelivered() async throws {
        let (first, second) = (try await fixture.closed("a"), try await fixture.closed("b"))
        let other = try fixture.otherConnection()
        try await other.writeWithoutTransaction { (db) throws in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            try db.execute(
                sql: "UPDATE callbacks SET state = 'delivered', settled_at = created_at WHERE task_id = ?",
                arguments: [first.id.rawValue])
            try db.execute(sql: "DELETE FROM tasks")
        }
        let audit = try SQLiteAudit(path: fixture.path)
        #expect(
            try await audit.strayRows() == [
                StrayRows(table: "callbacks", count: 1, isUndelivered: false),
                StrayRows(table: "callbacks", count: 1, isUndelivered: true),
                StrayRows(table: "events", count: 4, isUndelivered: false),
            ])
        let repair = try repair()
        for table in ["callbacks", "events"] { #expect(try await repair.removeStrayRows(of: table) == "deleted") }
        #expect(try await fixture.strings("SELECT task_id FROM callbacks") == ["\(second.id)"])
        #expect(try await audit.strayRows().map(\.isUndelivered) == [true])
    }
}
