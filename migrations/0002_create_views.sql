-- Views for people. The program does not read them.

-- One line a task, the newest activity last: sqlite3 FILE 'SELECT * FROM task_progress'
CREATE VIEW task_progress AS
SELECT
    id,
    state,
    business_server,
    user_id AS user,
    file_name AS file,
    received_bytes,
    file_size AS total_bytes,
    CASE file_size WHEN 0 THEN 100.0 ELSE round(100.0 * received_bytes / file_size, 1) END AS percent,
    -- the first ten missing ranges, inclusive: '0-99, 300-499'
    CASE WHEN received_bytes = file_size THEN ''
         ELSE (SELECT group_concat(first || '-' || last, ', ') FROM (
             SELECT first, last FROM (
                 SELECT lag(end_byte, 1, -1) OVER (ORDER BY start_byte) + 1 AS first, start_byte - 1 AS last
                 FROM blocks WHERE task_id = tasks.id
                 UNION ALL
                 SELECT held_end, file_size - 1)
             WHERE first <= last ORDER BY first LIMIT 10))
    END AS missing_ranges,
    target_path,
    reason,
    created_at,
    active_at,
    -- seconds since registration, until it closed
    round((julianday(coalesce(closed_at, 'now')) - julianday(created_at)) * 86400, 1) AS age_seconds,
    -- seconds since the last block, pause or resume; NULL once closed
    CASE WHEN closed_at IS NULL THEN round((julianday('now') - julianday(active_at)) * 86400, 1) END AS idle_seconds
FROM tasks
ORDER BY active_at;

-- One line an undelivered callback, the longest waiting first.
CREATE VIEW callback_backlog AS
SELECT
    callbacks.id,
    callbacks.task_id,
    callbacks.business_server,
    callbacks.destination,
    callbacks.state,
    callbacks.attempts,
    callbacks.next_attempt_at,
    callbacks.last_status,
    callbacks.last_error,
    json_extract(callbacks.body, '$.retCode') AS ret_code,
    round((julianday('now') - julianday(callbacks.created_at)) * 86400, 1) AS age_seconds
FROM callbacks
WHERE callbacks.state <> 'delivered'
ORDER BY callbacks.created_at;
