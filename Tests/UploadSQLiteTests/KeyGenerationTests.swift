import GRDB
import Testing
import UploadCore
import UploadMigrations
import UploadTestSupport

@testable import UploadSQLite

/// The column that says which secret a task's key is made with.
@Suite struct KeyGenerationColumnTests {
    private let fixture: DatabaseFixture

    init() throws { fixture = try DatabaseFixture() }

    private func register(_ name: String, _ current: Int, known: Set<Int>) async throws -> UploadTask {
        try await fixture.repository.register(
            DatabaseFixture.registration(name), targetPath: "/store/" + name
        ) { KeyGenerations(current: current, known: known) }
    }

    @Test func aTaskKeepsItWhileItsSecretIsThere() async throws {
        let task = try await register("a", 1, known: [1])
        #expect(task.keyGeneration == 1)
        #expect(try await register("a", 2, known: [1, 2]) == task)
        let moved = try await register("a", 3, known: [2, 3])
        #expect((moved.id, moved.keyGeneration) == (task.id, 3))
        #expect(try await fixture.repository.task(task.id) == moved)
    }

    @Test func onlyThoseOfOpenTasksAreListed() async throws {
        #expect(try await fixture.repository.openKeyGenerations() == [])
        let first = try await register("a", 1, known: [1])
        for name in ["b", "c"] { _ = try await register(name, 4, known: [1, 4]) }
        #expect(try await fixture.repository.openKeyGenerations() == [1, 4])
        try await fixture.move(first, to: .cancelled, callback: .cancelled)
        #expect(try await fixture.repository.openKeyGenerations() == [4])
    }

    @Test func tasksOfAnEarlierSchemaAreOfTheFirst() async throws {
        let folder = try TemporaryDirectory()
        let queue = try DatabaseQueue(path: folder("a.sqlite"))
        var migrator = DatabaseMigrator()
        for migration in Migration.all where migration.identifier < "0003" {
            migrator.registerMigration(migration.identifier) { db in try db.execute(sql: migration.sql) }
        }
        try migrator.migrate(queue)
        try await queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO tasks (id, state, business_server, user_id, store_path, file_name, file_size, file_md5,
                                       target_path, created_at, active_at)
                    VALUES (7, 'receiving', 'one', 'u', '/store', 'a', 1, ?, '/store/a',
                            '2026-01-02 03:04:05.678', '2026-01-02 03:04:05.678')
                    """, arguments: [md5([1]).description])
        }
        try queue.close()
        let database = try UploadDatabase.open(path: folder("a.sqlite")) { fixture.clock.now }
        #expect(try await SQLiteTaskRepository(database).task(taskID(7))?.keyGeneration == 1)
        try database.close()
    }

    @Test func thereIsNoGenerationBelowTheFirst() async throws {
        let task = try await register("a", 1, known: [1])
        #expect(
            try await fixture.refusal(of: "UPDATE tasks SET key_generation = 0 WHERE id = ?", [task.id.rawValue]) != nil
        )
    }
}
