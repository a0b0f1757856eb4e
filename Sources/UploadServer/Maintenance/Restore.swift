import Foundation
import UploadFiles
import UploadSQLite

/// One run of `fuploadServer restore`: a copy that ``Backup`` made takes the place of the database, while no server works
/// on it.
///
/// The copy is read through, copied to beside the database, read through there, and then switched with what is there
/// (``DatabaseSwitch``), which is kept. A process that dies in between leaves what was there, or what was to come.
public struct Restore: Sendable {
    private let configuration: ServerConfiguration
    private let file: String
    private let keepsKey: Bool

    /// - Parameters:
    ///   - file: the copy; with a WAL beside it, what is in that is taken too. Its key is that with `.key` behind it.
    ///   - keepsKey: whether the key that is in place stays, and none is looked for beside the copy.
    public init(_ configuration: ServerConfiguration, from file: String, keepsKey: Bool) {
        self.configuration = configuration
        self.file = URL(fileURLWithPath: file).path
        self.keepsKey = keepsKey
    }

    /// Restores. Durable when it returns.
    ///
    /// - Throws: what ``CommandFailure`` translates; nothing has changed then, unless it says that it is begun.
    public func run() throws -> RestoreReport {
        guard FileManager.default.fileExists(atPath: file) else {
            throw CommandFailure(.unavailable, "FILE is not there: \(file)")
        }
        guard !configuration.owns(URL(fileURLWithPath: file)) else {
            throw CommandFailure(.failed, "FILE is one of the database's own files: \(file)")
        }
        let locks = try configuration.takeLocks()
        // An index that is damaged would be made anew by the copy, and nobody would know.
        _ = try DatabaseContents.read(path: file)
        let secrets = try keepsKey ? [] : secretsOfCopy()
        let change = try DatabaseSwitch(database: configuration.database)
        try change.prepare()
        let contents: DatabaseContents
        do {
            try DatabaseCopy.make(of: file, to: change.newDatabase)
            contents = try DatabaseContents.read(path: change.newDatabase)
            if !keepsKey { try SecretFile(path: change.newKey).replace(with: secrets) }
        } catch {
            // What is left is removed by the next try; why there is nothing is what counts.
            try? change.discard()
            throw error
        }
        let kept = try change.run(at: time)
        return try withExtendedLifetime(locks) { try report(contents, kept: kept) }
    }

    private func secretsOfCopy() throws -> [KeySecret] {
        guard FileManager.default.fileExists(atPath: file + ".key") else {
            throw CommandFailure(
                .failed,
                "\(file).key is not there, and without it the URLs of open tasks are dead: put it there, or keep the key "
                    + "file that is in place with --keep-key")
        }
        return try SecretFile(path: file + ".key").lookAtCopy()
    }

    /// Of the end of the names that things are kept under.
    private var time: String {
        let digits = "\(SystemClock().now)".filter(\.isNumber)
        return "\(digits.prefix(8))T\(digits.dropFirst(8).prefix(6))Z"
    }

    private func report(_ contents: DatabaseContents, kept: [String]) throws -> RestoreReport {
        let held = CopyContents(contents)
        var warnings = held.warnings
        let keyFile = SecretFile(path: configuration.database + ".key")
        let known = try keyFile.exists() ? Set(try keyFile.look().map(\.generation)) : []
        let lost = contents.keyGenerations.subtracting(known)
        if !lost.isEmpty {
            let generations = lost.sorted().map { "\($0)" }.joined(separator: ", ")
            warnings.append(
                "the secrets of open tasks are gone (generations \(generations)), and their URLs dead: registering them "
                    + "again gives new ones")
        }
        return RestoreReport(
            database: configuration.database, file: file, holds: held, kept: kept, warnings: warnings)
    }
}

/// What was restored.
public struct RestoreReport: CommandReport {
    let database: String
    let file: String
    let holds: CopyContents
    /// Where things are that were there before, the database first; empty where there was none.
    let kept: [String]
    /// See ``CommandReport``.
    public let warnings: [String]
    /// Always done.
    public var outcome: CommandOutcome { .done }

    private enum CodingKeys: String, CodingKey {
        case database, file, holds, kept, warnings
    }

    /// Whether the doctor can't look at it yet: it knows one schema.
    public var needsMigration: Bool { !holds.pendingMigrations.isEmpty }

    /// What is where now.
    public var lines: [String] {
        [
            "restored: \(database) is what \(file) was", holds.line,
            kept.isEmpty
                ? "there was no database before" : "kept what was there: " + kept.joined(separator: ", "),
        ]
    }
}
