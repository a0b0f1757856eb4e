/// Every statement that runs while the server serves. A test asks SQLite for the plan of each: none may scan a table.
enum Statements {
    static let taskColumns = """
        id, state, business_server, user_id, store_path, file_name, file_size, file_md5, target_path, feedback, \
        key_generation, received_bytes, reason, created_at, active_at
        """

    // MARK: Tasks

    static let task = "SELECT \(taskColumns) FROM tasks WHERE id = ?"

    static let hashedTask = "SELECT \(taskColumns), hash_round, hashed_bytes, hash_state FROM tasks WHERE id = ?"

    static let openTaskOfRegistration = """
        SELECT \(taskColumns) FROM tasks
        WHERE business_server = ? AND user_id = ? AND file_md5 = ? AND file_size = ? AND store_path = ?
          AND file_name = ? AND closed_at IS NULL
        """

    /// A row for each business server, so few that adding them up costs nothing.
    static let openTotals = """
        SELECT coalesce(sum(open_tasks) FILTER (WHERE business_server = ?), 0) AS open_tasks,
               coalesce(sum(missing_bytes), 0) AS missing_bytes,
               coalesce(sum(file_bytes), 0) AS file_bytes
        FROM open_totals
        """

    static let insertTask = """
        INSERT INTO tasks (id, state, business_server, user_id, store_path, file_name, file_size, file_md5, target_path,
                           feedback, key_generation, created_at, active_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING
        """

    /// To an open state. It does not name `closed_at`: each index of open tasks would be written anew, whatever it is set
    /// to.
    static let moveTask = "UPDATE tasks SET state = ?, active_at = max(active_at, ?) WHERE id = ?"

    static let closeTask = "UPDATE tasks SET state = ?, reason = ?, closed_at = ? WHERE id = ?"

    static let touchTask = "UPDATE tasks SET active_at = max(active_at, ?) WHERE id = ? AND closed_at IS NULL"

    static let rekeyTask = "UPDATE tasks SET key_generation = ? WHERE id = ?"

    /// Jumps from one generation to the next in the index, however many tasks each has.
    static let openKeyGenerations = """
        WITH RECURSIVE generations (number) AS (
            SELECT min(key_generation) FROM tasks WHERE closed_at IS NULL
            UNION ALL
            SELECT (SELECT min(key_generation) FROM tasks WHERE closed_at IS NULL AND key_generation > number)
            FROM generations WHERE number IS NOT NULL)
        SELECT number FROM generations WHERE number IS NOT NULL
        """

    /// In two parts, each of which begins in the index where the last page ended. As `(active_at, id) > (?, ?)` SQLite
    /// would go through all tasks of that time again.
    static let openTasks = """
        SELECT active_at, id, held_end FROM tasks
        WHERE closed_at IS NULL AND state = ? AND active_at = ? AND id > ?
        UNION ALL
        SELECT active_at, id, held_end FROM tasks
        WHERE closed_at IS NULL AND state = ? AND active_at > ? AND active_at <= ?
        ORDER BY active_at, id LIMIT ?
        """

    static let openTask = "SELECT 1 FROM tasks WHERE id = ? AND closed_at IS NULL"

    static let purgeableTasks = """
        SELECT id FROM tasks
        WHERE closed_at IS NOT NULL AND closed_at <= ?
          AND NOT EXISTS (SELECT 1 FROM callbacks WHERE callbacks.task_id = tasks.id AND settled_at IS NULL)
        ORDER BY closed_at LIMIT ?
        """

    static let purgeTask = """
        DELETE FROM tasks
        WHERE id = ? AND closed_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM callbacks WHERE callbacks.task_id = tasks.id AND settled_at IS NULL)
        """

    // MARK: The database itself

    static let stagingFileSystem = "SELECT staging_file_system FROM installation"

    static let rememberStagingFileSystem = "UPDATE installation SET staging_file_system = ?"

    /// Random, for SQLite writes no page that stays the same.
    static let probe = "UPDATE probes SET room = randomblob(65536)"

    // MARK: Notes for operators

    static let noteTrouble = """
        INSERT INTO task_troubles (task_id, since, last_at, error)
        SELECT id, ?, ?, ? FROM tasks WHERE id = ? AND state IN ('verifying', 'publishing')
        ON CONFLICT (task_id) DO UPDATE SET last_at = excluded.last_at, error = excluded.error, times = times + 1
        """

    static let noteSetting = """
        INSERT INTO settings (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value
        """

    // MARK: Blocks

    static let blocksOfTask = "SELECT start_byte, end_byte FROM blocks WHERE task_id = ? ORDER BY start_byte"

    static let insertBlock = """
        INSERT INTO blocks (task_id, start_byte, end_byte, md5, received_at) VALUES (?, ?, ?, ?, ?)
        """

    static let progress = "SELECT state, received_bytes, file_size FROM tasks WHERE id = ?"

    static let completeTask = "UPDATE tasks SET state = 'verifying' WHERE id = ? AND received_bytes = file_size"

    static let putDownHash = """
        UPDATE tasks SET hashed_bytes = ?, hash_state = nullif(?, '') WHERE id = ? AND hash_round = ?
        """

    static let deleteBlocksFrom = "DELETE FROM blocks WHERE task_id = ? AND end_byte >= ?"

    // MARK: Events

    static let insertEvent = "INSERT INTO events (task_id, at, kind, detail) VALUES (?, ?, ?, ?)"

    // MARK: Callbacks

    static let insertCallback = """
        INSERT INTO callbacks (webhook_id, task_id, business_server, destination, body, state, next_attempt_at, created_at)
        VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)
        """

    static let releaseAllClaims = """
        UPDATE callbacks SET state = 'pending' WHERE state = 'sending'
        """

    static let readdress = """
        UPDATE callbacks SET destination = ? WHERE business_server = ? AND state = 'pending' AND destination <> ?
        """

    static let postpone = """
        UPDATE callbacks SET next_attempt_at =
            CASE attempts WHEN 0 THEN min(next_attempt_at, ?)
                          ELSE min(strftime('%Y-%m-%d %H:%M:%f', next_attempt_at, ?), ?) END
        WHERE id IN (SELECT id FROM callbacks INDEXED BY callbacks_due WHERE state = 'pending')
        """

    /// Jumps from one business server to the next in the index, however many rows each has.
    static let pendingDestinations = """
        WITH RECURSIVE lanes (name) AS (
            SELECT min(business_server) FROM callbacks WHERE state = 'pending'
            UNION ALL
            SELECT (SELECT min(business_server) FROM callbacks WHERE state = 'pending' AND business_server > name)
            FROM lanes WHERE name IS NOT NULL)
        SELECT name, (SELECT min(next_attempt_at) FROM callbacks WHERE state = 'pending' AND business_server = name) AS due
        FROM lanes WHERE name IS NOT NULL
        """

    static let claimDue = """
        UPDATE callbacks SET state = 'sending', attempts = attempts + 1
        WHERE id IN (SELECT id FROM callbacks
                     WHERE state = 'pending' AND business_server = ? AND next_attempt_at <= ?
                     ORDER BY next_attempt_at, id LIMIT ?)
        RETURNING id, webhook_id, task_id, business_server, destination, body, attempts, created_at, next_attempt_at
        """

    static let insertAttempt = """
        INSERT INTO callback_attempts (callback_id, attempt, started_at, duration_ms, status, error)
        VALUES (?, ?, ?, ?, ?, ?)
        """

    static let settleCallback = """
        UPDATE callbacks SET state = ?, next_attempt_at = coalesce(?, next_attempt_at), last_status = ?, last_error = ?,
                             settled_at = ?
        WHERE id = ? AND state = 'sending'
        """

    static let releaseCallback = """
        UPDATE callbacks SET state = 'pending', attempts = attempts - 1 WHERE id = ? AND state = 'sending'
        """

    /// By name, for the test of the plans.
    static let all: [(name: String, sql: String)] = [
        ("task", task), ("hashedTask", hashedTask), ("openTaskOfRegistration", openTaskOfRegistration),
        ("openTotals", openTotals),
        ("insertTask", insertTask), ("moveTask", moveTask), ("closeTask", closeTask),
        ("touchTask", touchTask), ("rekeyTask", rekeyTask),
        ("openKeyGenerations", openKeyGenerations), ("openTasks", openTasks), ("openTask", openTask),
        ("noteTrouble", noteTrouble), ("noteSetting", noteSetting),
        ("purgeableTasks", purgeableTasks),
        ("purgeTask", purgeTask), ("blocksOfTask", blocksOfTask), ("insertBlock", insertBlock),
        ("probe", probe), ("progress", progress), ("completeTask", completeTask),
        ("putDownHash", putDownHash), ("deleteBlocksFrom", deleteBlocksFrom),
        ("insertEvent", insertEvent), ("insertCallback", insertCallback), ("releaseAllClaims", releaseAllClaims),
        ("readdress", readdress), ("postpone", postpone), ("pendingDestinations", pendingDestinations),
        ("claimDue", claimDue),
        ("insertAttempt", insertAttempt), ("settleCallback", settleCallback), ("releaseCallback", releaseCallback),
    ]
}
