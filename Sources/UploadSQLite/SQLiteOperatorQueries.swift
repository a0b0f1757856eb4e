import GRDB
import UploadCore

/// ``OperatorQueries`` on SQLite, each one snapshot.
public struct SQLiteOperatorQueries: OperatorQueries {
    private let source: any SnapshotReader

    /// What the database says in which the server works.
    public init(_ database: UploadDatabase) {
        source = database
    }

    /// What the file at `path` says, beside a server or without one. Nothing is written.
    ///
    /// - Throws: ``AuditError``.
    public init(path: String) throws {
        source = try SnapshotFile(path: path, label: "operators")
    }

    /// Open tasks by activity through an index, however many there are; other orders, and filters, look at all of the
    /// states that were asked for.
    public func tasks(_ query: TaskQuery) async throws -> TaskList {
        try await source.read { db in
            let (sql, arguments) = OperatorStatements.tasks(query)
            let rows = try Row.fetchAll(db, sql: sql, arguments: StatementArguments(arguments))
            return TaskList(try rows.map(TaskRecord.init(row:)), limit: query.limit)
        }
    }

    /// The rows of one task.
    public func report(of id: TaskID) async throws -> TaskReport? {
        try await source.read { db in
            let key = id.rawValue
            guard let row = try db.row(OperatorStatements.task, [key]) else { return nil }
            let task = try TaskRecord(row: row)
            var (held, blocks) = (RangeSet(), 0)
            let cursor = try Row.fetchCursor(db.cachedStatement(sql: Statements.blocksOfTask), arguments: [key])
            while let row = try cursor.next() {
                guard let range = ByteRange(first: row[0], last: row[1]) else {
                    throw CorruptRowError(table: "blocks", column: "end_byte")
                }
                held.insert(range)
                blocks += 1
            }
            let timeline = try db.rows(OperatorStatements.timeline, [key]).suffix(TaskReport.timelineLimit)
            return TaskReport(
                task: task, held: held, blocks: blocks,
                expiresAt: try db.row(OperatorStatements.expiry, [key])?.time("expires_at", of: "tasks"),
                timeline: try timeline.map { row in
                    TimelineEntry(
                        at: try row.decode("at", of: "task_timeline") { Timestamp($0) }, what: row["what"],
                        detail: row["detail"])
                },
                callback: try db.row(OperatorStatements.callbackOfTask, [key]).map(CallbackRecord.init(row:)))
        }
    }

    /// Those that are not delivered through the indexes of their states, the others in the order of their numbers.
    public func callbacks(_ query: CallbackQuery) async throws -> CallbackList {
        try await source.read { db in
            let (sql, arguments) = OperatorStatements.callbacks(query)
            let rows = try Row.fetchAll(db, sql: sql, arguments: StatementArguments(arguments))
            return CallbackList(try rows.map(CallbackRecord.init(row:)), limit: query.limit)
        }
    }

    /// One row and those of its attempts.
    public func callback(_ id: Int64) async throws -> CallbackReport? {
        try await source.read { db in
            guard let row = try db.row(OperatorStatements.callback, [id]) else { return nil }
            let attempts = try db.rows(OperatorStatements.attempts, [id]).map { row in
                CallbackReport.Attempt(
                    attempt: row["attempt"],
                    startedAt: try row.decode("started_at", of: "callback_attempts") { Timestamp($0) },
                    durationMs: row["duration_ms"], status: row["status"], error: row["error"])
            }
            return CallbackReport(callback: try CallbackRecord(row: row), body: row["body"], attempts: attempts)
        }
    }

    /// A range of the primary key.
    public func samples(since: Timestamp) async throws -> [TrafficSample] {
        try await source.read { db in
            try db.rows(OperatorStatements.samples, [since.description]).map { row in
                TrafficSample(
                    at: try row.decode("at", of: "traffic") { Timestamp($0) }, seconds: row["seconds"],
                    bytes: row["bytes"], blocks: row["blocks"], requests: row["requests"],
                    requestSeconds: row["request_seconds"], openTasks: row["open_tasks"],
                    waitingCallbacks: row["waiting_callbacks"], deadCallbacks: row["dead_callbacks"])
            }
        }
    }
}

extension TaskRecord {
    /// From a row with ``OperatorStatements/taskColumns``.
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.decode("id", of: "tasks") { TaskID($0 as Int64) },
            state: try row.decode("state", of: "tasks") { TaskState(rawValue: $0) },
            businessServer: row["business_server"], user: row["user_id"], file: row["file_name"],
            bytes: row["file_size"], receivedBytes: row["received_bytes"], targetPath: row["target_path"],
            md5: row["file_md5"], reason: row["reason"],
            createdAt: try row.decode("created_at", of: "tasks") { Timestamp($0) },
            activeAt: try row.decode("active_at", of: "tasks") { Timestamp($0) },
            closedAt: try row.time("closed_at", of: "tasks"),
            trouble: row["error"])
    }
}

extension CallbackRecord {
    /// From a row of ``OperatorStatements/callback`` and the like.
    fileprivate init(row: Row) throws {
        let state: CallbackState = try row.decode("state", of: "callbacks") { CallbackState(rawValue: $0) }
        self.init(
            id: row["id"], taskId: try row.decode("task_id", of: "callbacks") { TaskID($0 as Int64) },
            webhookId: row["webhook_id"], businessServer: row["business_server"], destination: row["destination"],
            state: state, attempts: row["attempts"],
            nextAttemptAt: state == .pending ? try row.time("next_attempt_at", of: "callbacks") : nil,
            lastStatus: row["last_status"], lastError: row["last_error"],
            createdAt: try row.decode("created_at", of: "callbacks") { Timestamp($0) },
            settledAt: try row.time("settled_at", of: "callbacks"),
            retCode: row["ret_code"] ?? "")
    }
}

extension Row {
    /// A time that may be missing.
    func time(_ column: String, of table: String) throws -> Timestamp? {
        self[column] == nil ? nil : try decode(column, of: table) { Timestamp($0) }
    }
}
