import GRDB
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

/// A database file of its own, with the hands of its clock in the test's.
struct DatabaseFixture: Sendable {
    let folder: TemporaryDirectory
    let clock = ManualClock()
    let database: UploadDatabase
    let repository: SQLiteTaskRepository
    let outbox: SQLiteCallbackOutbox

    static let anything: @Sendable (UploadTask) throws(UploadError) -> Void = { _ throws(UploadError) in }

    init() throws {
        folder = try TemporaryDirectory()
        database = try UploadDatabase.open(path: folder("data/upload.sqlite")) { [clock] in clock.now }
        repository = SQLiteTaskRepository(database)
        outbox = SQLiteCallbackOutbox(database)
    }

    var path: String { folder("data/upload.sqlite") }

    /// Another connection to the file, as an operator's shell would be.
    func otherConnection() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    static func registration(
        _ name: String = "a.bin", size: Int64 = 100, user: String = "u", server: String = "cp1", feedback: String? = nil
    ) -> Registration {
        Registration(
            businessServer: server, userID: user, storePath: "/store", fileName: name, fileSize: size,
            fileMD5: md5([1, 2, 3]), feedback: feedback)
    }

    func register(_ name: String = "a.bin", size: Int64 = 100, server: String = "cp1") async throws -> UploadTask {
        let registration = Self.registration(name, size: size, server: server)
        return try await repository.register(registration, targetPath: "/store/" + name)
    }

    /// Adds a block, through the repository.
    @discardableResult
    func commit(_ ranges: ByteRange..., to task: UploadTask) async throws -> CommittedBlock {
        let pieces = ranges.map { Block(range: $0, md5: md5("\($0)".utf8)) }
        return try await repository.commit(ReceivedBlock(taskID: task.id, pieces: pieces))
    }

    @discardableResult
    func move(_ task: UploadTask, to state: TaskState, callback: CallbackCode? = nil) async throws -> UploadTask {
        let draft = callback.map { CallbackDraft($0, status: "why", destination: "http://b.test/") }
        return try await repository.move(
            task.id, to: state, reason: "why", callback: draft, check: Self.anything)
    }

    /// A closed task with its callback in the outbox.
    @discardableResult
    func closed(_ name: String, server: String = "cp1") async throws -> UploadTask {
        try await move(try await register(name, server: server), to: .cancelled, callback: .cancelled)
    }

    /// Runs SQL on the writer, past the repository: what the schema refuses, it refuses here.
    func execute(_ sql: String, _ arguments: StatementArguments = []) async throws {
        try await database.pool.write { db in try db.execute(sql: sql, arguments: arguments) }
    }

    /// The message with which the schema refuses SQL; `nil` when it does not.
    func refusal(of sql: String, _ arguments: StatementArguments = []) async throws -> String? {
        do {
            try await execute(sql, arguments)
            return nil
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            return error.message ?? ""
        }
    }

    func strings(_ sql: String, _ arguments: StatementArguments = []) async throws -> [String] {
        try await database.pool.read { db in try String.fetchAll(db, sql: sql, arguments: arguments) }
    }

    func number(_ sql: String, _ arguments: StatementArguments = []) async throws -> Int64? {
        try await database.pool.read { db in try Int64.fetchOne(db, sql: sql, arguments: arguments) }
    }
}

extension TaskRepository {
    /// Where there is room for everything, and one generation of keys.
    func register(
        _ registration: Registration, targetPath: String,
        admit: @escaping @Sendable (OpenTotals) throws(UploadError) -> Void = { _ throws(UploadError) in }
    ) async throws -> UploadTask {
        try await register(
            registration, targetPath: targetPath, generations: { KeyGenerations(current: 1, known: [1]) }, admit: admit)
    }

    /// Where there is room for everything.
    func register(
        _ registration: Registration, targetPath: String, generations: @escaping @Sendable () -> KeyGenerations
    ) async throws -> UploadTask {
        try await register(registration, targetPath: targetPath, generations: generations) { _ in }
    }
}
