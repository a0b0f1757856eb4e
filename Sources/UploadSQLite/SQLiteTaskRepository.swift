import GRDB
import UploadCore

/// ``TaskRepository`` on SQLite. Each method is one transaction by the name of what it does.
public struct SQLiteTaskRepository: TaskRepository {
    let database: UploadDatabase
    private let ids = TaskIDs()

    /// The tasks in this database.
    public init(_ database: UploadDatabase) {
        self.database = database
    }

    /// One transaction: look for the equal open task, else ask for admission, insert with a fresh id and the event
    /// `created`.
    public func register(
        _ registration: Registration, targetPath: String, generations: @escaping @Sendable () -> KeyGenerations,
        admit: @escaping @Sendable (OpenTotals) throws(UploadError) -> Void
    ) async throws -> UploadTask {
        try await database.write { [ids] db in
            let (generations, now) = (generations(), database.now())
            if var equal = try Self.openTask(registration, db) {
                // Who asks for it is about to go on with it, and must not be timed out right after.
                if equal.isActivity(at: now) {
                    try db.run(Statements.touchTask, [now.description, equal.id.rawValue])
                    equal.activeAt = now
                }
                if !generations.known.contains(equal.keyGeneration) {
                    try db.run(Statements.rekeyTask, [generations.current, equal.id.rawValue])
                    equal.keyGeneration = generations.current
                }
                return equal
            }
            try admit(try Self.totals(of: registration.businessServer, db))
            let task = try Self.insert(
                registration, targetPath: targetPath, keyGeneration: generations.current, at: now, ids, db)
            FaultPoint.reach(.registerInTransaction)
            try db.run(Statements.insertEvent, [task.id.rawValue, now.description, "created", ""])
            return task
        }
    }

    /// One transaction that writes a page and syncs the WAL.
    public func probe() async throws {
        try await database.write { db in try db.run(Statements.probe, []) }
    }

    /// One indexed read.
    public func task(_ id: TaskID) async throws -> UploadTask? {
        try await database.read { db in try Self.task(id, db) }
    }

    /// One snapshot: the row, and the task's blocks in order.
    public func taskWithRanges(
        _ id: TaskID
    ) async throws -> (task: UploadTask, held: RangeSet, hash: FileHashState)? {
        try await database.read { db in
            guard let row = try db.row(Statements.hashedTask, [id.rawValue]) else { return nil }
            var held = RangeSet()
            let rows = try Row.fetchCursor(db.cachedStatement(sql: Statements.blocksOfTask), arguments: [id.rawValue])
            while let row = try rows.next() {
                guard let range = ByteRange(first: row[0], last: row[1]) else {
                    throw CorruptRowError(table: "blocks", column: "end_byte")
                }
                held.insert(range)
            }
            let hash = FileHashState(
                round: row["hash_round"], bytes: row["hashed_bytes"], text: row["hash_state"] ?? "")
            return (try UploadTask(row: row), held, hash)
        }
    }

    /// One indexed row.
    public func touch(_ id: TaskID) async throws {
        let now = database.now()
        try await database.write { db in try db.run(Statements.touchTask, [now.description, id.rawValue]) }
    }

    /// One range of the primary key.
    public func blocks(of id: TaskID, after start: Int64?, limit count: Int) async throws -> [Block] {
        try await database.read { db in
            try db.rows(AuditStatements.blocks, [id.rawValue, start ?? -1, count]).map(Block.init(row:))
        }
    }

    /// One transaction: check, update, event, callback.
    public func move(
        _ id: TaskID, to state: TaskState, reason: String, callback: CallbackDraft?,
        check: @escaping @Sendable (UploadTask) throws(UploadError) -> Void
    ) async throws -> UploadTask {
        try await database.write { db in
            // Not before it is this transaction's turn: when a callback is due must not be of before the clock was set.
            let now = database.now()
            guard let before = try Self.task(id, db) else { throw UploadError.noSuchTask }
            try check(before)
            var after = before
            (after.state, after.reason) = (state, state.isClosed ? reason : "")
            if state == .paused || state == .receiving { after.activeAt = max(before.activeAt, now) }
            if state.isClosed {
                try db.run(
                    Statements.closeTask, [state.rawValue, after.reason, now.description, id.rawValue])
            } else {
                try db.run(Statements.moveTask, [state.rawValue, after.activeAt.description, id.rawValue])
            }
            FaultPoint.reach(.moveInTransaction)
            try db.run(
                Statements.insertEvent,
                [id.rawValue, now.description, state.eventKind(from: before.state), reason])
            if let callback {
                try db.run(
                    Statements.insertCallback,
                    [
                        "task_\(id)", id.rawValue, after.registration.businessServer, callback.destination,
                        callback.body(for: after), now.description, now.description,
                    ])
            }
            return after
        }
    }

    /// One transaction: back to `receiving` where complete, delete rows, event `bytesLost`.
    public func discardBlocks(
        of id: TaskID, keepingBytesBelow limit: Int64, reason: String
    ) async throws -> Int64 {
        let now = database.now()
        return try await database.write { db in
            guard let before = try Self.task(id, db) else { throw UploadError.noSuchTask }
            if before.state.isClosed { throw UploadError.closed(before.state) }
            if before.state.isComplete {
                // First, for the schema refuses a complete task without all of its bytes.
                try db.run(
                    Statements.moveTask, ["receiving", before.activeAt.description, id.rawValue])
            }
            try db.run(Statements.deleteBlocksFrom, [id.rawValue, limit])
            let held = try Self.task(id, db)?.receivedBytes ?? 0
            let lost = before.receivedBytes - held
            try db.run(
                Statements.insertEvent, [id.rawValue, now.description, "bytesLost", "\(reason) (\(lost) bytes)"])
            return lost
        }
    }

    /// One row for each business server, added up.
    public func openTotals(of businessServer: String) async throws -> OpenTotals {
        try await database.read { db in try Self.totals(of: businessServer, db) }
    }

    /// One row.
    public func stagingFileSystem() async throws -> FileSystemIdentity? {
        try await database.read { db in
            guard let row = try db.row(Statements.stagingFileSystem, []), row["staging_file_system"] != nil else {
                return nil
            }
            return try row.decode("staging_file_system", of: "installation") { FileSystemIdentity($0 as String) }
        }
    }

    /// One row.
    public func remember(stagingFileSystem: FileSystemIdentity) async throws {
        try await database.write { db in
            try db.run(Statements.rememberStagingFileSystem, [stagingFileSystem.description])
        }
    }

    /// A few jumps in an index, on the writer: registrations stand in line with it.
    public func openKeyGenerations() async throws -> Set<Int> {
        try await database.write { db in
            Set(try db.rows(Statements.openKeyGenerations, []).map { $0["number"] as Int })
        }
    }

    /// One range of the index on state and activity.
    public func openTasks(
        in state: TaskState, idleSince limit: Timestamp?, after last: OpenTask?, limit count: Int
    ) async throws -> [OpenTask] {
        try await database.read { db in
            let after = last?.activeAt.description ?? ""
            let rows = try db.rows(
                Statements.openTasks,
                [
                    state.rawValue, after, last?.id.rawValue ?? 0,
                    state.rawValue, after, limit?.description ?? Self.afterAllTimes, count,
                ])
            return try rows.map { row in
                OpenTask(
                    activeAt: try row.decode("active_at", of: "tasks") { Timestamp($0) },
                    id: try row.decode("id", of: "tasks") { TaskID($0 as Int64) }, heldEnd: row["held_end"])
            }
        }
    }

    /// Sorts after every time that the schema allows.
    private static let afterAllTimes = "~"

    /// A look at the primary key for each.
    public func openTasks(among ids: [TaskID]) async throws -> Set<TaskID> {
        try await database.read { db in
            try Set(ids.filter { try db.row(Statements.openTask, [$0.rawValue]) != nil })
        }
    }

    /// A snapshot finds them, one transaction deletes them; rows that refer to them go along.
    public func purgeTasks(closedBefore limit: Timestamp, limit count: Int) async throws -> Int {
        // Looked up on a snapshot first: most rounds find nothing, and need not wait for the write lock to learn it.
        let ids = try await database.read { db in
            try db.rows(Statements.purgeableTasks, [limit.description, count]).map { $0["id"] as Int64 }
        }
        guard !ids.isEmpty else { return 0 }
        return try await database.write { db in
            try ids.reduce(0) { count, id in
                // An operator may have put a dead callback back meanwhile, so the statement looks again.
                try db.run(Statements.purgeTask, [id])
                return count + db.changesCount
            }
        }
    }

    private static func openTask(_ registration: Registration, _ db: Database) throws -> UploadTask? {
        try db.row(
            Statements.openTaskOfRegistration,
            [
                registration.businessServer, registration.userID, registration.fileMD5.description,
                registration.fileSize, registration.storePath, registration.fileName,
            ]
        ).map(UploadTask.init(row:))
    }

    private static func totals(of businessServer: String, _ db: Database) throws -> OpenTotals {
        guard let row = try db.row(Statements.openTotals, [businessServer]) else {
            throw CorruptRowError(table: "open_totals", column: "open_tasks")
        }
        return OpenTotals(
            openTasks: row["open_tasks"], missingBytes: row["missing_bytes"], fileBytes: row["file_bytes"])
    }

    static func task(_ id: TaskID, _ db: Database) throws -> UploadTask? {
        try db.row(Statements.task, [id.rawValue]).map(UploadTask.init(row:))
    }

    private static func insert(
        _ registration: Registration, targetPath: String, keyGeneration: Int, at now: Timestamp, _ ids: TaskIDs,
        _ db: Database
    ) throws -> UploadTask {
        let state = registration.fileSize == 0 ? TaskState.verifying : .receiving
        while true {
            let id = ids.next()
            try db.run(
                Statements.insertTask,
                [
                    id.rawValue, state.rawValue, registration.businessServer, registration.userID,
                    registration.storePath, registration.fileName, registration.fileSize,
                    registration.fileMD5.description, targetPath, registration.feedback, keyGeneration,
                    now.description, now.description,
                ])
            // None is inserted in the one case in 2^53 that the id is taken.
            guard db.changesCount == 1 else { continue }
            return UploadTask(
                id: id, state: state, registration: registration, targetPath: targetPath, keyGeneration: keyGeneration,
                receivedBytes: 0, reason: "", createdAt: now, activeAt: now)
        }
    }
}
