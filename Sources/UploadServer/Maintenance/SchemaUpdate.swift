import Foundation
import UploadSQLite

/// One run of `fuploadServer migrate`: which migrations the database has, and those that it lacks, applied ahead of the
/// server's start.
public struct SchemaUpdate: Sendable {
    private let configuration: ServerConfiguration

    /// The database of this configuration.
    public init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    /// Looks, beside a running server or not, and changes nothing.
    ///
    /// - Throws: what ``CommandFailure`` translates, as everything here.
    public func status() throws -> SchemaReport {
        let found = try look()
        return SchemaReport(database: configuration.database, schema: found, migrated: nil)
    }

    /// Applies what is pending, as the server's start does: each migration in a transaction of its own, durable before the
    /// next one begins. Needs the server to be stopped.
    public func run() throws -> SchemaReport {
        guard try configuration.hasDatabase else {
            throw CommandFailure(
                .unavailable,
                "there is no database at \(configuration.database): the server makes it at its first start")
        }
        let locks = try configuration.takeLocks()
        let before = try look()
        guard !before.pending.isEmpty else {
            return withExtendedLifetime(locks) {
                SchemaReport(database: configuration.database, schema: before, migrated: [])
            }
        }
        do {
            let clock = SystemClock()
            try UploadDatabase.open(path: configuration.database) { clock.now }.close()
        } catch {
            let done = try look().applied.filter { !before.applied.contains($0) }
            let rest = done.isEmpty ? "nothing was applied" : "applied were \(done.joined(separator: ", "))"
            throw CommandFailure(.failed, "the database could not be brought up to date, \(rest): \(error)")
        }
        let after = try look()
        return withExtendedLifetime(locks) {
            SchemaReport(
                database: configuration.database, schema: after,
                migrated: after.applied.filter { !before.applied.contains($0) })
        }
    }

    private func look() throws -> SchemaStatus {
        do {
            return try SchemaStatus.read(path: configuration.database)
        } catch let error as DatabaseFileError {
            switch error {
            // It can't tell what is pending.
            case .newer, .foreign: throw CommandFailure(.unavailable, "\(error)")
            default: throw error
            }
        }
    }
}

/// The migrations of a database.
public struct SchemaReport: CommandReport {
    let database: String
    /// The newest one that it has; none in an empty file.
    let version: String?
    let applied: [String]
    let pending: [String]
    /// Those that were applied just now; none where it only looked.
    let migrated: [String]?
    /// None.
    public var warnings: [String] { [] }
    /// Done when it is up to date.
    public var outcome: CommandOutcome { pending.isEmpty ? .done : .failed }

    init(database: String, schema: SchemaStatus, migrated: [String]?) {
        (self.database, version, self.migrated) = (database, schema.version, migrated)
        (applied, pending) = (schema.applied, schema.pending)
    }

    private enum CodingKeys: String, CodingKey {
        case database, version, applied, pending, migrated
    }

    /// A line for each migration, and one that says what it comes to.
    public var lines: [String] {
        let new = Set(migrated ?? [])
        let words =
            applied.map { "\(new.contains($0) ? "applied now" : "applied") \($0)" } + pending.map { "pending \($0)" }
        let schema = "schema: \(version ?? "none yet"), "
        guard pending.isEmpty else {
            return words + [schema + "\(pending.count) pending: fuploadServer migrate applies them, or the next start"]
        }
        return words + [schema + (new.isEmpty ? "up to date" : "\(new.count) applied, up to date")]
    }
}
