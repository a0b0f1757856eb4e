import Dispatch
import GRDB
import Synchronization
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// Changes to a table of letters, submitted while the writer is held up, so that they come together.
@Suite(.timeLimit(.minutes(1))) struct GroupCommitTests {
    private struct Refused: Error {}

    private let fixture: DatabaseFixture
    private let other: DatabaseQueue
    private let transactions = Transactions()
    private let held = DispatchSemaphore(value: 0)

    init() async throws {
        fixture = try DatabaseFixture()
        other = try fixture.otherConnection()
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "CREATE TABLE letters (letter TEXT PRIMARY KEY)")
        }
        fixture.database.pool.add(transactionObserver: transactions)
        fixture.database.pool.asyncWriteWithoutTransaction { [held] _ in held.wait() }
    }

    /// Counts the transactions of the writer.
    private final class Transactions: TransactionObserver, Sendable {
        let commits = Counter()
        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
        func databaseDidChange(with event: DatabaseEvent) {}
        func databaseDidCommit(_ db: Database) { commits.increment() }
        func databaseDidRollback(_ db: Database) {}
    }

    private func submit(
        _ letter: String, within patience: Duration = .seconds(60),
        _ also: @escaping @Sendable (Database) throws -> Void = { _ in }
    ) -> AsyncThrowingStream<String, any Error> {
        let (outcome, teller) = AsyncThrowingStream.makeStream(of: String.self)
        let change = GroupCommit.Change(deadline: .now + patience) { db in
            try db.run("INSERT INTO letters (letter) VALUES (?)", [letter])
            try also(db)
            return {
                teller.yield(letter)
                teller.finish()
            }
        } fail: { error in
            teller.finish(throwing: error)
        }
        fixture.database.commits.submit([change])
        return outcome
    }

    private func release() {
        held.signal()
    }

    private func letters() async throws -> String {
        try await other.read { try String.fetchAll($0, sql: "SELECT letter FROM letters ORDER BY letter") }.joined()
    }

    private func value(_ outcome: AsyncThrowingStream<String, any Error>) async throws -> String {
        var told: [String] = []
        for try await letter in outcome { told.append(letter) }
        return told.joined()
    }

    @Test func whatComesMeanwhileSharesTheNextTransaction() async throws {
        let outcomes = "abcdef".map { submit("\($0)") }
        release()
        for (outcome, letter) in zip(outcomes, "abcdef") { #expect(try await value(outcome) == "\(letter)") }
        #expect(try await letters() == "abcdef")
        #expect(transactions.commits.value == 1)
    }

    @Test func oneThatFailsLeavesTheOthersAlone() async throws {
        let first = submit("a")
        let (good, bad, last) = (submit("b"), submit("c") { _ in throw Refused() }, submit("d"))
        release()
        await #expect(throws: Refused.self) { _ = try await value(bad) }
        for outcome in [first, good, last] { #expect(try await value(outcome).count == 1) }
        // Of the one that failed nothing stays, not even what it had written.
        #expect(try await letters() == "abd")
    }

    @Test func oneAloneFailsWholly() async throws {
        release()
        await #expect(throws: Refused.self) { _ = try await value(submit("a") { _ in throw Refused() }) }
        #expect(try await value(submit("b")) == "b")
        #expect(try await letters() == "b")
    }

    /// As where the disk is full.
    @Test func whatUndoesTheTransactionFailsAllOfIt() async throws {
        let outcomes = [
            submit("b"),
            submit("c") { db in
                try db.execute(sql: "ROLLBACK")
                throw Refused()
            },
            submit("d"),
        ]
        release()
        for outcome in outcomes { await #expect(throws: Refused.self) { _ = try await value(outcome) } }
        #expect(try await value(submit("e")) == "e")
        #expect(try await letters() == "e")
    }

    @Test func aCommitThatFailsFailsAllOfIt() async throws {
        let outcomes = [
            submit("b"),
            submit("c") { db in
                // Of a task that is not there: noticed at the COMMIT.
                try db.execute(sql: "PRAGMA defer_foreign_keys = ON")
                try db.execute(
                    sql: """
                        INSERT INTO events (task_id, at, kind, detail)
                        VALUES (4711, '2026-01-01 00:00:00.000', 'created', '')
                        """)
            },
        ]
        release()
        for outcome in outcomes { await #expect(throws: DatabaseError.self) { _ = try await value(outcome) } }
        #expect(try await value(submit("d")) == "d")
        #expect(try await letters() == "d")
    }

    @Test func eachWaitsForTheLockAsLongAsItsTimeLasts() async throws {
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let (hasty, patient) = (submit("a", within: .zero), submit("b"))
        release()
        let error = await #expect(throws: DatabaseError.self) { _ = try await value(hasty) }
        #expect(error?.resultCode == .SQLITE_BUSY)
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        #expect(try await value(patient) == "b")
        #expect(try await letters() == "b")
    }
}
