import GRDB
import GRDBSQLite
import Synchronization
import UploadCore

extension UploadDatabase {
    /// One change, durable when it returns; it shares its IMMEDIATE transaction with others that come at the same time.
    ///
    /// Runs to its end even when the caller is cancelled: a client which hangs up must not undo a commit whose bytes
    /// are on disk already, nor leave us in doubt whether it happened.
    ///
    /// While another program holds the write lock, calls wait in a queue. Each waits for ``longestWait`` in all, counted
    /// from the call: those behind the first one don't wait anew.
    /// - Throws: `busy` when the lock was held for longer; what `body` throws, which undoes this change alone.
    func write<Outcome: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Outcome
    ) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            commits.submit([change(body) { continuation.resume(with: $0) }])
        }
    }

    /// Several changes, of which each is made or fails by itself as if it were the only one.
    ///
    /// - Returns: what became of each, in the same order.
    func write<Outcome: Sendable>(
        _ bodies: [@Sendable (Database) throws -> Outcome]
    ) async -> [Result<Outcome, any Error>] {
        guard !bodies.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            let outcomes = Outcomes<Outcome>(count: bodies.count) { continuation.resume(returning: $0) }
            commits.submit(bodies.enumerated().map { index, body in change(body) { outcomes.set($0, at: index) } })
        }
    }

    private func change<Outcome: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Outcome,
        tell: @escaping @Sendable (Result<Outcome, any Error>) -> Void
    ) -> GroupCommit.Change {
        GroupCommit.Change(deadline: .now + Self.longestWait) { db in
            let outcome = try body(db)
            return { tell(.success(outcome)) }
        } fail: { error in
            tell(.failure(UploadError(translating: error)))
        }
    }

    /// A snapshot, beside the writer.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        do {
            return try await threads.run(anywhere: true) { [pool] in try pool.read(body) }
        } catch {
            throw UploadError(translating: error)
        }
    }
}

/// What became of several changes, told once all is known.
private final class Outcomes<Outcome: Sendable>: Sendable {
    private let known: Mutex<[Int: Result<Outcome, any Error>]> = Mutex([:])
    private let count: Int
    private let tell: @Sendable ([Result<Outcome, any Error>]) -> Void

    init(count: Int, tell: @escaping @Sendable ([Result<Outcome, any Error>]) -> Void) {
        (self.count, self.tell) = (count, tell)
    }

    /// Once for each.
    func set(_ outcome: Result<Outcome, any Error>, at index: Int) {
        let all = known.withLock { known in
            known[index] = outcome
            return known.count == count ? known : nil
        }
        if let all { tell((0..<count).compactMap { all[$0] }) }
    }
}

extension UploadError {
    private static let storageCodes: [ResultCode] = [.SQLITE_FULL, .SQLITE_CANTOPEN, .SQLITE_READONLY]

    /// SQLite's result codes (https://www.sqlite.org/rescode.html) in the words of the catalogue.
    init(translating error: any Error) {
        switch error {
        case let error as UploadError:
            self = error
        case let error as DatabaseError where Self.storageCodes.contains(error.resultCode):
            self.init(.storage, "the server's disk is full or not writable", cause: error)
        case let error as DatabaseError where error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED:
            self.init(.busy, "the server's database is locked, try again in a moment", cause: error)
        default:
            self.init(.internalError, "internal error", cause: error)
        }
    }
}

extension Database {
    /// Runs a statement that has been prepared once for this connection.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row of a prepared query.
    func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows of a prepared query.
    func rows(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }
}

/// A row says something that the schema rules out.
struct CorruptRowError: Error {
    var table: String
    var column: String
}

extension Row {
    /// A column as the domain has it; what does not fit is reported, not trusted.
    func decode<Raw: DatabaseValueConvertible, Value>(
        _ column: String, of table: String, _ convert: (Raw) -> Value?
    ) throws -> Value {
        guard let raw = Raw.fromDatabaseValue(self[column]), let value = convert(raw) else {
            throw CorruptRowError(table: table, column: column)
        }
        return value
    }
}
