import GRDB
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// What monitoring is told of the database.
@Suite struct FiguresTests {
    private let fixture: DatabaseFixture
    private let figures: SQLiteFigures

    init() throws {
        fixture = try DatabaseFixture()
        figures = SQLiteFigures(fixture.database)
    }

    @Test func ofNothing() async throws {
        let none = try await figures.figures()
        var expected = ServiceFigures()
        expected.openTasks = [.receiving: 0, .paused: 0, .verifying: 0, .publishing: 0]
        #expect(none == expected)
    }

    @Test func ofTasksAndCallbacks() async throws {
        let first = try await fixture.register("a", size: 100)
        try await fixture.commit(range(0, 29), to: first)
        try await fixture.move(try await fixture.register("b", size: 50, server: "cp2"), to: .paused)
        try await fixture.commit(range(0, 4), to: try await fixture.register("c", size: 5))
        let start = fixture.clock.now
        for name in ["d", "e", "f", "g"] {
            try await fixture.closed(name)
            fixture.clock.advance(by: .seconds(1))
        }
        try await fixture.execute(
            "UPDATE callbacks SET state = 'dead', settled_at = created_at "
                + "WHERE task_id = (SELECT id FROM tasks WHERE file_name = 'f')"
        )
        try await fixture.execute(
            "UPDATE callbacks SET state = 'sending' WHERE task_id = (SELECT id FROM tasks WHERE file_name = 'g')")
        let figures = try await figures.figures()
        #expect(figures.openTasks == [.receiving: 1, .paused: 1, .verifying: 1, .publishing: 0])
        #expect((figures.promisedBytes, figures.missingBytes) == (155, 120))
        #expect((figures.waitingCallbacks, figures.sendingCallbacks, figures.deadCallbacks) == (3, 1, 1))
        #expect((figures.oldestWaiting, figures.nextDue) == (start, start))
    }

    @Test func anOutboxIsStuckWhenNobodySendsWhatIsDue() throws {
        var figures = ServiceFigures()
        let due = try #require(Timestamp("2026-01-01 00:00:00.000"))
        #expect(!figures.isOutboxStuck(at: due))
        figures.nextDue = due
        #expect(!figures.isOutboxStuck(at: due.advanced(by: ServiceFigures.patience)))
        let late = due.advanced(by: ServiceFigures.patience + .milliseconds(1))
        #expect(figures.isOutboxStuck(at: late))
        figures.sendingCallbacks = 1
        #expect(!figures.isOutboxStuck(at: late), "its receiver is slow")
    }

    @Test(arguments: FigureStatements.all.map(\.0)) func noStatementScansWhatIsClosed(name: String) async throws {
        let sql = try #require(FigureStatements.all.first { $0.0 == name }?.1)
        let plan = try await fixture.database.pool.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql.replacing("?", with: "'paused'")).map {
                row -> String in row["detail"]
            }
        }
        let scans = plan.filter { $0.hasPrefix("SCAN tasks") || $0.hasPrefix("SCAN callbacks") }
        // The indexes of those that wait, are sent, or were given up.
        #expect(scans.allSatisfy { $0.contains("INDEX callbacks_") }, "\(plan)")
    }
}
