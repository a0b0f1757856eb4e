/// The database as the doctor reads it, and changes nothing in it.
///
/// Each method reads one snapshot, and a short one, so that a busy server beside it is not held up.
/// - Throws: ``AuditError``.
public protocol DatabaseAudit: Sendable {
    /// What SQLite's own check of the file complains of; nothing when it is sound. Reads all of it.
    func integrityFaults() async throws -> [String]

    /// The tables, indexes, triggers and views that are not as this program makes them.
    func schemaFaults() async throws -> [SchemaFault]

    /// Rows whose task or callback is not there.
    func strayRows() async throws -> [StrayRows]

    /// The business servers of which `open_totals` does not say what their open tasks add up to.
    func wrongTotals() async throws -> [String]

    /// The generations of all open tasks' keys.
    func openKeyGenerations() async throws -> Set<Int>

    /// The tasks after this one in the order of their ids, at most `count` of them.
    func tasks(after id: TaskID?, limit count: Int) async throws -> [TaskFacts]

    /// One task; `nil` when there is none.
    func task(_ id: TaskID) async throws -> TaskFacts?

    /// A task's rows after the one that starts at `start`, in order, at most `count` of them.
    func blocks(of id: TaskID, after start: Int64?, limit count: Int) async throws -> [Block]

    /// Those of the given rows that are still there, if the task still is open.
    func stillHeld(_ blocks: [Block], of id: TaskID) async throws -> [Block]

    /// Whether another task has put its file where this finished one's was, or is about to.
    func isReplaced(_ facts: TaskFacts) async throws -> Bool
}

/// The files as the doctor reads them, and changes nothing. Large ones are read in portions.
///
/// A file that can't be read is a finding, not an error; what is thrown concerns a folder.
/// - Throws: ``AuditError``.
public protocol FilesAudit: Sendable {
    /// The path of the staging folder.
    var stagingFolder: String { get }

    /// Whether a server works on this database at this moment.
    func isServerRunning() -> Bool

    /// Whether the staging folder is there.
    func hasStagingFolder() async throws -> Bool

    /// What lies in the staging folder.
    func stagingNames() async throws -> [StagingName]

    /// Whether there is something of this name in the staging folder.
    func isStaged(_ name: String) async throws -> Bool

    /// The staging file's size in bytes; `nil` when there is none.
    func stagedSize(of id: TaskID) async throws -> Int64?

    /// The MD5s of ranges of a staging file, in their order.
    func look(at ranges: [ByteRange], stagedFor id: TaskID) async throws -> [FoundBytes]

    /// The file at a final path.
    func look(atPublished path: String) async throws -> FoundFile

    /// Whether publishing left a temporary name beside the target.
    func hasLeftover(of id: TaskID, beside path: String) async throws -> Bool

    /// The secrets that task keys are made with.
    func secrets() async throws -> FoundSecrets
}

/// Why the doctor can't look.
public enum AuditError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no database, it may not be read, it is in use: one sentence with what to do.
    case unavailable(String)
    /// The database file is not sound; in SQLite's words.
    case damaged(String)

    /// One sentence.
    public var description: String {
        switch self {
        case .unavailable(let sentence): sentence
        case .damaged(let words): "the database file is damaged: \(words)"
        }
    }
}

/// A piece of the schema that is not as this program makes it.
public struct SchemaFault: Sendable, Equatable {
    /// `table`, `index`, `trigger` or `view`.
    public var kind: String
    /// Its name.
    public var name: String
    /// Whether it is not there at all.
    public var isMissing: Bool

    /// Memberwise.
    public init(kind: String, name: String, isMissing: Bool) {
        self.kind = kind
        self.name = name
        self.isMissing = isMissing
    }
}

/// Rows of a table which belong to nothing.
public struct StrayRows: Sendable, Equatable {
    /// The table.
    public var table: String
    /// How many.
    public var count: Int
    /// Whether they are callbacks that are yet to be delivered.
    public var isUndelivered: Bool

    /// Memberwise.
    public init(table: String, count: Int, isUndelivered: Bool) {
        self.table = table
        self.count = count
        self.isUndelivered = isUndelivered
    }
}

/// A name in the staging folder.
public enum StagingName: Sendable, Equatable {
    /// A task's staging file.
    case task(TaskID, name: String)
    /// A file for bytes whose place was not known yet. It has a name for an instant only.
    case spool(name: String)
    /// Nothing that the server makes.
    case unknown(name: String)
}

/// What was found where a range of bytes should be.
public enum FoundBytes: Sendable, Equatable {
    /// As many bytes as there should be, with this MD5.
    case digest(MD5Digest)
    /// Fewer, or no file.
    case missing
    /// They can't be read, for this reason.
    case unreadable(String)
}

/// What was found where the secrets of task keys should be.
public enum FoundSecrets: Sendable, Equatable {
    /// Secrets of these generations.
    case generations(Set<Int>)
    /// None that can be used, for this reason: one sentence with what to do.
    case unusable(String)
}

/// What was found at a path.
public enum FoundFile: Sendable, Equatable {
    /// A file.
    case digest(FileDigest)
    /// Nothing.
    case missing
    /// Something that can't be read as a file, for this reason.
    case unreadable(String)
}
