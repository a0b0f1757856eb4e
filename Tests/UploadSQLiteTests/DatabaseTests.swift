import Foundation
import GRDB
import Testing
import UploadCore
import UploadMigrations
import UploadTestSupport

@testable import UploadSQLite

@Suite struct DatabaseTests {
    @Test func commitsSurviveAPowerCut() async throws {
        let fixture = try DatabaseFixture()
        try await fixture.database.pool.write { (db) throws in
            #expect(try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2)
            #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
            #expect(try Int.fetchOne(db, sql: "PRAGMA foreign_keys") == 1)
            #expect(throws: Never.self) { try UploadDatabase.assertDurable(db) }
        }
        try await fixture.database.pool.writeWithoutTransaction { (db) throws in
            try db.execute(sql: "PRAGMA synchronous = NORMAL")
            let error = #expect(throws: DatabaseOpenError.self) { try UploadDatabase.assertDurable(db) }
            #expect(error?.description.contains("synchronous") == true)
        }
    }

    @Test func checkpointsComeAsOftenAsWasSaid() async throws {
        let fixture = try DatabaseFixture()
        let pages = try await fixture.database.pool.writeWithoutTransaction { (db) throws in
            try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint")
        }
        #expect(pages == UploadDatabase.checkpointPages)
    }

    @Test func everythingIsThereAfterReopening() async throws {
        let fixture = try DatabaseFixture()
        let task = try await fixture.register()
        try await fixture.commit(range(10, 19), to: task)
        let before = try await fixture.repository.taskWithRanges(task.id)
        let installation = try fixture.database.installationID()
        #expect(installation.count == 16)
        try fixture.database.close()

        let again = try UploadDatabase.open(path: fixture.path) { fixture.clock.now }
        let after = try await SQLiteTaskRepository(again).taskWithRanges(task.id)
        #expect(after?.task == before?.task)
        #expect(after?.held.ranges == [range(10, 19)])
        #expect(try again.installationID() == installation)
        try again.close()
    }

    /// A row without an owner, as a shell leaves it, keeps nobody from the next version.
    @Test func strayRowsDoNotHoldAnUpgradeUp() async throws {
        let folder = try TemporaryDirectory()
        let path = folder("upload.sqlite")
        let old = try DatabaseQueue(path: path)
        var migrator = DatabaseMigrator()
        for migration in Migration.all.prefix(2) {
            migrator.registerMigration(migration.identifier) { db in try db.execute(sql: migration.sql) }
        }
        try migrator.migrate(old)
        try await old.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA foreign_keys = OFF;
                    INSERT INTO callback_attempts (callback_id, attempt, started_at, duration_ms)
                    VALUES (7, 1, '2026-01-01 00:00:00.000', 1)
                    """)
        }
        try old.close()
        let database = try UploadDatabase.open(path: path) { Timestamp(milliseconds: 0) }
        let applied = try await database.pool.read { db in
            try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        }
        #expect(applied == Migration.all.map(\.identifier))
        try database.close()
    }

    /// Callbacks that had met another one's attempts before that was ruled out can be recorded again.
    @Test func attemptsThatAreNotACallbacksOwnGoWithTheUpgrade() async throws {
        let fixture = try DatabaseFixture()
        try await fixture.closed("a")
        try await fixture.execute(
            """
            INSERT INTO callback_attempts (callback_id, attempt, started_at, duration_ms)
            SELECT id, 1, '2026-01-01 00:00:00.000', 1 FROM callbacks
            """)
        let migration = try #require(Migration.all.first { $0.identifier.hasPrefix("0005") })
        let deletion = try #require(migration.sql.range(of: "DELETE FROM callback_attempts\n"))
        try await fixture.execute(String(migration.sql[deletion.lowerBound...]))
        #expect(try await fixture.number("SELECT count(*) FROM callback_attempts") == 0)
    }

    /// The pages that a start needs are sound, others are not.
    @Test func aDamagedPageIsFoundBeforeAnybodyIsServed() async throws {
        let fixture = try DatabaseFixture()
        for number in 0..<200 { _ = try await fixture.register("\(number)") }
        let root = try #require(
            try await fixture.number("SELECT rootpage FROM sqlite_schema WHERE name = 'events'"))
        let pageSize = try #require(try await fixture.number("PRAGMA page_size"))
        try fixture.database.close()
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: fixture.path))
        try handle.seek(toOffset: UInt64((root - 1) * pageSize))
        try handle.write(contentsOf: Data(repeating: 0x5A, count: Int(pageSize)))
        try handle.close()
        let error = #expect(throws: DatabaseOpenError.self) {
            try UploadDatabase.open(path: fixture.path) { fixture.clock.now }
        }
        #expect(error?.description.contains("damaged") == true)
    }

    /// SQLite has its log beside the file that a link leads to.
    @Test func aDatabaseMayBeALink() async throws {
        let folder = try TemporaryDirectory()
        try UploadDatabase.open(path: folder("real/upload.sqlite")) { Timestamp(milliseconds: 0) }.close()
        try FileManager.default.createSymbolicLink(
            atPath: folder("link.sqlite"), withDestinationPath: folder("real/upload.sqlite"))
        let database = try UploadDatabase.open(path: folder("link.sqlite")) { Timestamp(milliseconds: 0) }
        #expect(database.walBytes > 0)
        #expect(database.pool.path == folder("real/upload.sqlite"))
        try database.close()
    }

    @Test func theStagingFileSystemIsRemembered() async throws {
        let fixture = try DatabaseFixture()
        #expect(try await fixture.repository.stagingFileSystem() == nil)
        let identity = FileSystemIdentity(kind: 0xef53, number: .max)
        try await fixture.repository.remember(stagingFileSystem: identity)
        #expect(try await fixture.repository.stagingFileSystem() == identity)
    }

    @Test func aNewerSchemaIsRefused() async throws {
        let fixture = try DatabaseFixture()
        try await fixture.execute("INSERT INTO grdb_migrations VALUES ('0999_from_the_future')")
        try fixture.database.close()
        let error = #expect(throws: DatabaseOpenError.self) {
            try UploadDatabase.open(path: fixture.path) { fixture.clock.now }
        }
        #expect(error?.description.contains("0999_from_the_future") == true)
    }

    @Test func whatIsNoDatabaseIsRefused() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write(SeededGenerator.bytes(8192), to: "a.sqlite")
        let error = #expect(throws: DatabaseOpenError.self) {
            try UploadDatabase.open(path: path) { Timestamp(milliseconds: 0) }
        }
        #expect(error?.description.contains("damaged") == true)
    }

    @Test func theMigrationsAreTheFilesOfTheFolder() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
        let folder = root.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("migrations")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".sql") }.sorted()
        #expect(!names.isEmpty)
        #expect(Migration.all.map { $0.identifier + ".sql" } == names)
        for migration in Migration.all {
            let file = folder.appendingPathComponent(migration.identifier + ".sql")
            #expect(try String(contentsOf: file, encoding: .utf8) == migration.sql)
        }
    }

    // MARK: Locks

    @Test(.timeLimit(.minutes(1))) func aLongReaderBlocksNoWriter() async throws {
        let fixture = try DatabaseFixture()
        let task = try await fixture.register()
        let reader = try fixture.otherConnection()
        try await reader.writeWithoutTransaction { (db) throws in
            try db.execute(sql: "BEGIN")
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM blocks") == 0)
        }
        try await fixture.commit(range(0, 9), to: task)
        #expect(try await fixture.number("SELECT count(*) FROM blocks") == 1)
        try await reader.writeWithoutTransaction { (db) throws in
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM blocks") == 0)
            try db.execute(sql: "COMMIT")
        }
    }

    @Test(.timeLimit(.minutes(1))) func aForeignWriteLockDelaysACommitAndDoesNotFailIt() async throws {
        let fixture = try DatabaseFixture()
        let task = try await fixture.register()
        let other = try fixture.otherConnection()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        // The row is written under our clock, which is asked just before the transaction is begun.
        let begun = Counter()
        let slow = UploadDatabase(
            pool: fixture.database.pool,
            now: {
                begun.increment()
                return fixture.clock.now
            }, commits: fixture.database.commits, threads: fixture.database.threads)
        let block = ReceivedBlock(taskID: task.id, pieces: [Block(range: range(0, 9), md5: md5([]))])
        let committing = Task { try await SQLiteTaskRepository(slow).commit(block) }
        await begun.reach(1)
        let before = try await fixture.number("SELECT count(*) FROM blocks")
        #expect(before == 0)
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        #expect(try await committing.value.receivedBytes == 10)
    }

    @Test(.timeLimit(.minutes(1))) func aWriteIsFinishedThoughItsCallerIsCancelled() async throws {
        let fixture = try DatabaseFixture()
        let task = try await fixture.register()
        let block = ReceivedBlock(taskID: task.id, pieces: [Block(range: range(0, 9), md5: md5([]))])
        let committing = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await fixture.repository.commit(block)
        }
        committing.cancel()
        #expect(try await committing.value.receivedBytes == 10)
        #expect(try await fixture.repository.task(task.id)?.receivedBytes == 10)
    }

    // MARK: Plans

    @Test(arguments: Statements.all.map(\.name)) func noStatementScansATable(name: String) async throws {
        let sql = try #require(Statements.all.first { $0.name == name }?.sql)
        let fixture = try DatabaseFixture()
        try await fixture.database.pool.write { (db) throws in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            let nulls = StatementArguments(
                [(any DatabaseValueConvertible)?](
                    repeating: nil, count: sql.count { $0 == "?" }))
            let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
            for row in try Row.fetchAll(statement, arguments: nulls) {
                let detail: String = row["detail"]
                let words = detail.split(separator: " ").map(String.init)
                guard words.count > 1, words[0] == "SCAN", tables.contains(words[1]) else { continue }
                let isAllowed =
                    name == "releaseAllClaims" && detail.contains("INDEX callbacks_claimed")
                    // Those that wait, all of them, once after the clock was set.
                    || name == "postpone" && detail.contains("INDEX callbacks_due")
                    // One row.
                    || name == "probe" && words[1] == "probes"
                    // A row for each business server.
                    || name == "openTotals" && words[1] == "open_totals"
                #expect(isAllowed, "\(name): \(detail)")
            }
        }
    }

    @Test func aMoveAmongOpenStatesWritesOneIndexOfOpenTasks() async throws {
        let fixture = try DatabaseFixture()
        try await fixture.database.pool.write { (db) throws in
            let written = try Set(
                Row.fetchAll(db, sql: "EXPLAIN " + Statements.moveTask, arguments: ["paused", "", 1])
                    .filter { $0["opcode"] == "OpenWrite" }.map { $0["p2"] as Int })
            let names = try Row.fetchAll(db, sql: "SELECT name, rootpage FROM sqlite_schema WHERE tbl_name = 'tasks'")
                .filter { written.contains($0["rootpage"]) }.map { $0["name"] as String }
            #expect(Set(names) == ["tasks", "tasks_open_activity"])
        }
    }
}
