import UploadCore
import UploadFiles
import UploadSQLite

/// What a command for operators ends with. 64 (usage) and 78 (the configuration has faults) come before it begins.
public enum CommandOutcome: Int32, Sendable {
    /// It did what it was asked to, and nothing is wrong.
    case done = 0
    /// It found something that is not as it should be, or could not do it.
    case failed = 1
    /// It could not look: there is no database, it can't be read, or a server works on it.
    case unavailable = 2
}

/// What a command says in the end.
public protocol CommandReport: Encodable, Sendable {
    /// For people.
    var lines: [String] { get }
    /// What somebody should look at, though the command did what it was asked to: sentences.
    var warnings: [String] { get }
    /// What the process ends with.
    var outcome: CommandOutcome { get }
}

extension CommandReport {
    /// For programs: one JSON object on one line, its keys sorted.
    public func json() throws -> String { try OperatorJSON.text(self) }
}

/// Why a command came to no report.
public struct CommandFailure: Error, Sendable, CustomStringConvertible {
    /// What the process ends with.
    public let outcome: CommandOutcome
    /// One sentence.
    public let description: String

    init(_ outcome: CommandOutcome, _ sentence: String) {
        (self.outcome, description) = (outcome, sentence)
    }

    /// - Parameter error: what a command's work threw.
    public init(translating error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case DatabaseFileError.unavailable(let sentence): self.init(.unavailable, sentence)
        case is InstanceLock.HeldError, is InstanceLock.UnavailableError: self.init(.unavailable, "\(error)")
        default: self.init(.failed, "\(error)")
        }
    }

    /// For programs: one JSON object on one line.
    public func json() throws -> String { try OperatorJSON.text(["error": description]) }
}

/// What a copy of a database holds, for a report.
struct CopyContents: Encodable, Sendable {
    var bytes: Int64
    var schema: String
    var pendingMigrations: [String]
    var tasks: Int
    var openTasks: Int
    var blocks: Int
    var callbacks: Int
    var undeliveredCallbacks: Int
    var strayRows: Int

    init(_ contents: DatabaseContents) {
        bytes = contents.bytes
        schema = contents.schema.version ?? ""
        pendingMigrations = contents.schema.pending
        tasks = contents.tasks
        openTasks = contents.openTasks
        blocks = contents.blocks
        callbacks = contents.callbacks
        undeliveredCallbacks = contents.undeliveredCallbacks
        strayRows = contents.strayRows
    }

    var line: String {
        "it holds \(tasks) tasks (\(openTasks) open), \(blocks) blocks, \(callbacks) callbacks (\(undeliveredCallbacks) "
            + "undelivered); \(bytes) bytes, schema \(schema)"
    }

    /// No damage, and yet nothing that the server made.
    var warnings: [String] {
        guard strayRows > 0 else { return [] }
        return ["\(strayRows) rows belong to nothing (PRAGMA foreign_key_check): see what fuploadServer doctor says"]
    }
}
