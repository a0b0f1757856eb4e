/// One thing that the doctor has to say.
public struct Finding: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// Something is lost or wrong, and the server does not put it right by itself.
        case problem
        /// Worth knowing; nothing has to be done.
        case note
        /// Was a problem, or a leftover, and is put right.
        case repaired
    }

    /// What was looked at. The raw values are stable: programs match them.
    public enum Check: String, Sendable, CaseIterable {
        /// The database file is sound, as SQLite sees it.
        case integrity
        /// Its tables, indexes, triggers and views are those that this program makes.
        case schema
        /// Every row belongs to another that is there.
        case strays
        /// The block rows of a task are disjoint and in the file's bounds.
        case ranges
        /// `received_bytes` and `held_end` are what the block rows add up to.
        case counters
        /// `open_totals` is what the open tasks add up to.
        case totals
        /// A task's state goes with the bytes it holds.
        case state
        /// A closed task has its callback, an open one none.
        case callbacks
        /// A callback and its attempts go together.
        case attempts
        /// A closed task has the event of its end.
        case events
        /// The bytes of every block row of an open task are on disk.
        case blocks
        /// The staging folder is there, and no staging file is too long.
        case staging
        /// Nothing lies in the staging folder without an open task.
        case orphans
        /// Publishing left no temporary name beside a target.
        case leftovers
        /// A finished file is in its place.
        case finished
        /// The secrets that task keys are made with are there, whole and private, and of all generations that open tasks
        /// need.
        case key
    }

    /// How bad it is.
    public var severity: Severity
    /// What was looked at.
    public var check: Check
    /// The task; `nil` where it is about none or many.
    public var task: TaskID?
    /// One sentence for the operator; no token, no key.
    public var text: String

    /// Memberwise.
    public init(_ severity: Severity, _ check: Check, task: TaskID? = nil, _ text: String) {
        self.severity = severity
        self.check = check
        self.task = task
        self.text = text
    }
}

/// What a check-up counted.
public struct Checkup: Sendable, Equatable {
    /// Tasks looked at.
    public var tasks = 0
    /// Of them, those that are open.
    public var openTasks = 0
    /// Block rows of open tasks, their bytes hashed.
    public var blocks = 0
    /// Finished files that are in their place, unchanged.
    public var finishedFiles = 0
    /// Bytes hashed, of blocks and finished files.
    public var hashedBytes: Int64 = 0
    /// Problems found, or left by a repair.
    public var problems = 0
    /// Notes.
    public var notes = 0
    /// Repairs made.
    public var repaired = 0

    /// Nothing yet.
    public init() {}

    mutating func count(_ finding: Finding) {
        switch finding.severity {
        case .problem: problems += 1
        case .note: notes += 1
        case .repaired: repaired += 1
        }
    }
}
