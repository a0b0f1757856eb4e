import GRDB
import Synchronization
import Testing
import UploadCore
import UploadMigrations
import UploadTestSupport

@testable import UploadSQLite

/// The totals that registrations are weighed against are what the rows add up to, whatever happened to them.
@Suite struct OpenTotalsTests {
    /// What a registration would be told, against what the rows say.
    private func totals(_ fixture: DatabaseFixture) async throws -> OpenTotals? {
        let told = Told()
        await #expect(throws: UploadError.self) {
            try await fixture.repository.register(
                DatabaseFixture.registration("probe"), targetPath: "/store/probe"
            ) { (totals) throws(UploadError) in
                told.set(totals)
                throw UploadError(.busy, "only asking")
            }
        }
        let open = "FROM tasks WHERE closed_at IS NULL"
        let counted = OpenTotals(
            openTasks: try #require(try await fixture.number("SELECT count(*) \(open)")),
            missingBytes: try #require(
                try await fixture.number("SELECT coalesce(sum(file_size - received_bytes), 0) \(open)")),
            fileBytes: try #require(try await fixture.number("SELECT coalesce(sum(file_size), 0) \(open)")))
        #expect(told.value == counted)
        return told.value
    }

    @Test func followATaskToItsEnd() async throws {
        let fixture = try DatabaseFixture()
        #expect(try await totals(fixture) == OpenTotals(openTasks: 0, missingBytes: 0, fileBytes: 0))
        let task = try await fixture.register("a", size: 10)
        let other = try await fixture.register("b", size: 5)
        #expect(try await totals(fixture) == OpenTotals(openTasks: 2, missingBytes: 15, fileBytes: 15))
        try await fixture.commit(range(0, 3), to: task)
        #expect(try await totals(fixture) == OpenTotals(openTasks: 2, missingBytes: 11, fileBytes: 15))
        _ = try await fixture.repository.discardBlocks(of: task.id, keepingBytesBelow: 0, reason: "gone")
        #expect(try await totals(fixture)?.missingBytes == 15)
        _ = try await fixture.move(task, to: .paused)
        #expect(try await totals(fixture)?.openTasks == 2)
        try await fixture.commit(range(0, 9), to: task)
        #expect(try await totals(fixture)?.missingBytes == 5)
        _ = try await fixture.move(other, to: .cancelled)
        #expect(try await totals(fixture) == OpenTotals(openTasks: 1, missingBytes: 0, fileBytes: 10))
        _ = try await fixture.move(task, to: .publishing)
        _ = try await fixture.move(task, to: .finished)
        #expect(try await totals(fixture) == OpenTotals(openTasks: 0, missingBytes: 0, fileBytes: 0))
    }

    @Test func areOfAllBusinessServersButForTheNumberOfTasks() async throws {
        let fixture = try DatabaseFixture()
        let foreign = DatabaseFixture.registration("c", server: "another")
        _ = try await fixture.repository.register(foreign, targetPath: "/store/c")
        let told = Told()
        _ = try await fixture.repository.register(
            DatabaseFixture.registration("d"), targetPath: "/store/d"
        ) { told.set($0) }
        let totals = try #require(told.value)
        #expect(totals.openTasks == 0)
        #expect(totals.missingBytes == foreign.fileSize && totals.fileBytes == foreign.fileSize)
    }

    @Test func aRefusedTaskLeavesNothing() async throws {
        let fixture = try DatabaseFixture()
        _ = try await totals(fixture)
        #expect(try await fixture.number("SELECT count(*) FROM tasks") == 0)
        #expect(try await fixture.number("SELECT count(*) FROM events") == 0)
    }

    @Test func areTakenOverFromADatabaseOfBefore() async throws {
        let fixture = try DatabaseFixture()
        let task = try await fixture.register("a", size: 10)
        try await fixture.commit(range(0, 3), to: task)
        let sql = try #require(Migration.all.first { $0.identifier == "0003_open_totals" }).sql
        try await fixture.database.pool.write { db in
            for name in try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'totals_%'")
            {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
            try db.execute(sql: "DROP TABLE open_totals; DROP TABLE probes")
            try db.execute(sql: sql)
        }
        #expect(try await totals(fixture) == OpenTotals(openTasks: 1, missingBytes: 6, fileBytes: 10))
    }
}

private final class Told: Sendable {
    private let totals = Mutex<OpenTotals?>(nil)

    var value: OpenTotals? { totals.withLock { $0 } }

    func set(_ value: OpenTotals) { totals.withLock { $0 = value } }
}
