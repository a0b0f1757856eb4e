/// What the doctor writes.
enum RepairStatements {
    /// By table. The order in which they run does not matter: each looks only for what it hangs on.
    static let removeStrays = [
        "blocks": "DELETE FROM blocks WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE id = task_id)",
        "events": "DELETE FROM events WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE id = task_id)",
        "callbacks": """
        DELETE FROM callbacks WHERE settled_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tasks WHERE id = task_id)
        """,
        "callback_attempts": """
        DELETE FROM callback_attempts WHERE NOT EXISTS (SELECT 1 FROM callbacks WHERE id = callback_id)
        """,
    ]

    /// Rows of a task that begin before an earlier one ends, or end outside of the file.
    static let wrongRows = """
        SELECT start_byte FROM (
            SELECT start_byte, end_byte, max(end_byte) OVER (
                ORDER BY start_byte ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM blocks WHERE task_id = ?1)
        WHERE start_byte <= before OR end_byte >= ?2
        """

    static let removeBlock = "DELETE FROM blocks WHERE task_id = ? AND start_byte = ?"

    static let recount = """
        UPDATE tasks SET
            received_bytes = (SELECT coalesce(sum(end_byte - start_byte + 1), 0) FROM blocks WHERE task_id = ?1),
            held_end = (SELECT coalesce(max(end_byte) + 1, 0) FROM blocks WHERE task_id = ?1)
        WHERE id = ?1
        """

    static let clearTotals = "DELETE FROM open_totals"

    static let recountTotals = """
        INSERT INTO open_totals (business_server, open_tasks, file_bytes, missing_bytes) \(AuditStatements.totals)
        """

    static let removeCallback = """
        DELETE FROM callbacks WHERE task_id = ?1 AND (SELECT closed_at FROM tasks WHERE id = ?1) IS NULL
        """

    static let correctAttempts = """
        UPDATE callbacks SET attempts = (SELECT max(attempt) FROM callback_attempts WHERE callback_id = callbacks.id)
        WHERE task_id = ?
          AND attempts < (SELECT max(attempt) FROM callback_attempts WHERE callback_id = callbacks.id)
        """

    static let sendAgain = """
        UPDATE callbacks SET state = 'pending', settled_at = NULL, next_attempt_at = ?
        WHERE task_id = ? AND state = 'delivered'
          AND NOT EXISTS (SELECT 1 FROM callback_attempts
                          WHERE callback_id = callbacks.id AND status BETWEEN 200 AND 299)
        """

    static let releaseCallback = "UPDATE callbacks SET state = 'pending' WHERE task_id = ? AND state = 'sending'"

    static let writeEvent = """
        INSERT INTO events (task_id, at, kind, detail)
        SELECT id, closed_at, state, reason FROM tasks
        WHERE id = ?1 AND closed_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM events
                          WHERE task_id = ?1 AND kind IN ('finished', 'failed', 'cancelled', 'timedOut'))
        """
}
