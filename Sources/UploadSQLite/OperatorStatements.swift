import GRDB
import UploadCore

/// The SQL of what operators ask.
enum OperatorStatements {
    static let taskColumns = """
        id, state, business_server, user_id, file_name, file_size, received_bytes, target_path, file_md5, reason,
        tasks.created_at, active_at, closed_at, task_troubles.error
        """

    private static let tasks = """
        SELECT \(taskColumns) FROM tasks LEFT JOIN task_troubles ON task_troubles.task_id = tasks.id
        """

    static let task = tasks + " WHERE id = ?"

    static let timeline = "SELECT at, what, detail FROM task_timeline WHERE task_id = ?"

    static let expiry = "SELECT expires_at FROM expiring_tasks WHERE id = ?"

    private static let callbacks = """
        SELECT id, task_id, webhook_id, business_server, destination, state, attempts, next_attempt_at, last_status,
               last_error, created_at, settled_at, body, json_extract(body, '$.retCode') AS ret_code
        FROM callbacks
        """

    static let callback = callbacks + " WHERE id = ?"

    static let callbackOfTask = callbacks + " WHERE task_id = ?"

    static let attempts = """
        SELECT attempt, started_at, duration_ms, status, error FROM callback_attempts WHERE callback_id = ? ORDER BY attempt
        """

    static let samples = "SELECT * FROM traffic WHERE at >= ? ORDER BY at"

    static let noteSample = """
        INSERT OR REPLACE INTO traffic (at, seconds, bytes, blocks, requests, request_seconds, open_tasks,
                                        waiting_callbacks, dead_callbacks)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    /// Also what is of later: the clock was set back, and nothing would ever remove it.
    static let forgetSamples = "DELETE FROM traffic WHERE at < ? OR at > ?"

    /// A question and what is put into it. One more row is asked for than the limit says.
    typealias Question = (sql: String, arguments: [any DatabaseValueConvertible])

    /// Each state is asked for by itself, so that the order of activity comes from the index of open tasks.
    static func tasks(_ query: TaskQuery) -> Question {
        let (count, direction) = (query.offset + query.limit + 1, query.isDescending ? "DESC" : "ASC")
        let order = "\(column(query.sort)) \(direction), id \(direction)"
        let filter = filter(query)
        var (parts, arguments): ([String], [any DatabaseValueConvertible]) = ([], [])
        for state in TaskState.allCases where query.states.contains(state) {
            parts.append(
                "SELECT * FROM (\(tasks) WHERE closed_at IS \(state.isClosed ? "NOT NULL" : "NULL") AND state = ?"
                    + "\(filter.sql) ORDER BY \(order) LIMIT ?)")
            arguments += [state.rawValue] + filter.arguments + [count]
        }
        guard !parts.isEmpty else { return (tasks + " WHERE FALSE", []) }
        return (
            "SELECT * FROM (\(parts.joined(separator: " UNION ALL "))) ORDER BY \(order) LIMIT ? OFFSET ?",
            arguments + [query.limit + 1, query.offset]
        )
    }

    private static func column(_ sort: TaskQuery.Sort) -> String {
        switch sort {
        case .activity: "active_at"
        case .created: "created_at"
        case .size: "file_size"
        case .progress: "CAST(received_bytes AS REAL) / max(1, file_size)"
        }
    }

    private static func filter(_ query: TaskQuery) -> Question {
        var filter: Question = ("", [])
        for (column, value) in [
            ("business_server", query.businessServer), ("user_id", query.user), ("file_name", query.file),
        ] {
            guard let value else { continue }
            filter.sql += " AND \(column) = ?"
            filter.arguments.append(value)
        }
        if let search = query.search {
            filter.sql +=
                " AND (instr(lower(file_name), lower(?)) > 0 OR instr(lower(user_id), lower(?)) > 0 OR id = ?)"
            filter.arguments += [search, search, Int64(search) ?? 0]
        }
        return filter
    }

    static func callbacks(_ query: CallbackQuery) -> Question {
        let selection = selection(
            states: query.states, since: query.since, to: query.to, businessServer: query.businessServer)
        return (
            callbacks + " WHERE \(selection.sql) ORDER BY id DESC LIMIT ? OFFSET ?",
            selection.arguments + [query.limit + 1, query.offset]
        )
    }

    /// Which rows are meant by state and time. `TRUE` in front, so that any of the rest may be missing.
    static func selection(
        states: Set<CallbackState>, since: Timestamp?, to: Timestamp?, businessServer: String?
    ) -> Question {
        var selection: Question = ("TRUE", [])
        if states.count < CallbackState.allCases.count {
            // One equality each, so that the partial index of its state is used.
            let words = states.map(\.rawValue).sorted()
            selection.sql =
                words.isEmpty ? "FALSE" : "(" + words.map { "state = '\($0)'" }.joined(separator: " OR ") + ")"
        }
        for (condition, value) in [
            ("created_at >= ?", since?.description), ("created_at < ?", to?.description),
            ("business_server = ?", businessServer),
        ] {
            guard let value else { continue }
            selection.sql += " AND \(condition)"
            selection.arguments.append(value)
        }
        return selection
    }
}
