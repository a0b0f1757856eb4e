/// What the doctor reads, task by task. A test asks SQLite for the plans: none may scan a table.
enum AuditStatements {
    static let tasks = """
        SELECT \(Statements.taskColumns), held_end, closed_at FROM tasks WHERE id > ? ORDER BY id LIMIT ?
        """

    static let task = "SELECT \(Statements.taskColumns), held_end, closed_at FROM tasks WHERE id = ?"

    /// The block rows of one task: what they add up to, and the invariants between them.
    static let ranges = """
        SELECT count(*) AS count, coalesce(sum(end_byte - start_byte + 1), 0) AS bytes,
               coalesce(max(end_byte) + 1, 0) AS "end", coalesce(sum(start_byte <= before), 0) AS overlapping,
               coalesce(sum(end_byte >= ?), 0) AS outside
        FROM (SELECT start_byte, end_byte, max(end_byte) OVER earlier AS before
              FROM blocks WHERE task_id = ?
              WINDOW earlier AS (ORDER BY start_byte ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
        """

    static let callbacks = """
        SELECT state, attempts,
               (SELECT coalesce(max(attempt), 0) FROM callback_attempts WHERE callback_id = callbacks.id) AS last_attempt,
               EXISTS (SELECT 1 FROM callback_attempts
                       WHERE callback_id = callbacks.id AND status BETWEEN 200 AND 299) AS was_accepted
        FROM callbacks WHERE task_id = ? ORDER BY id
        """

    static let ends = """
        SELECT kind FROM events
        WHERE task_id = ? AND kind IN ('finished', 'failed', 'cancelled', 'timedOut') ORDER BY id
        """

    static let wasVerified = """
        SELECT EXISTS (SELECT 1 FROM events WHERE task_id = ?1 AND kind = 'verified'
                       AND id > (SELECT coalesce(max(id), 0) FROM events WHERE task_id = ?1 AND kind = 'received'))
        """

    static let blocks = """
        SELECT start_byte, end_byte, md5 FROM blocks WHERE task_id = ? AND start_byte > ? ORDER BY start_byte LIMIT ?
        """

    static let isHeld = """
        SELECT 1 FROM tasks JOIN blocks ON task_id = id
        WHERE id = ? AND closed_at IS NULL AND start_byte = ? AND end_byte = ? AND md5 = ?
        """

    /// Files go to one target one after the other, so whoever replaced the file closed later, or is about to.
    static let isReplaced = """
        SELECT EXISTS (SELECT 1 FROM tasks
                       WHERE closed_at >= ?1 AND state = 'finished' AND target_path = ?2 AND id <> ?3)
            OR EXISTS (SELECT 1 FROM tasks
                       WHERE closed_at IS NULL AND state = 'publishing' AND target_path = ?2 AND id <> ?3)
        """

    /// By name, for the test of the plans.
    static let all: [(name: String, sql: String)] = [
        ("tasks", tasks), ("task", task), ("ranges", ranges), ("callbacks", callbacks), ("ends", ends),
        ("wasVerified", wasVerified), ("blocks", blocks), ("isHeld", isHeld), ("isReplaced", isReplaced),
    ]

    // MARK: One pass over a table

    static let strays = """
        SELECT "table" AS name, count(*) AS count FROM pragma_foreign_key_check GROUP BY "table" ORDER BY "table"
        """

    static let totals = """
        SELECT business_server, count(*) AS open_tasks, sum(file_size) AS file_bytes,
               sum(file_size - received_bytes) AS missing_bytes
        FROM tasks WHERE closed_at IS NULL GROUP BY business_server
        """

    static let wrongTotals = """
        WITH counted AS (\(totals)),
             kept AS (SELECT business_server, open_tasks, file_bytes, missing_bytes FROM open_totals
                      WHERE open_tasks <> 0 OR file_bytes <> 0 OR missing_bytes <> 0)
        SELECT business_server FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept)
        UNION SELECT business_server FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted)
        """

    static let undeliveredStrays = """
        SELECT count(*) FROM callbacks
        WHERE settled_at IS NULL AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = callbacks.task_id)
        """
}
