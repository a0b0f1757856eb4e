-- What an operator asks, answered by the file alone: facts that only the running program knew, and views that read them.
-- The views keep their names and columns; more may be added at the end.

-- What the last start was configured with, as far as views need it.
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY        -- key of the configuration file
          CHECK (name <> ''),
    value INTEGER NOT NULL                 -- in seconds or bytes
) STRICT, WITHOUT ROWID;

-- Those that were given up are counted, and looked for among many that were delivered.
CREATE INDEX callbacks_dead ON callbacks (id) WHERE state = 'dead';

-- Complete tasks whose file can't be brought to its place at the moment. Tried again until it can.
CREATE TABLE task_troubles (
    task_id INTEGER NOT NULL PRIMARY KEY   -- the task
            REFERENCES tasks (id) ON DELETE CASCADE,
    since   TEXT NOT NULL                  -- when it was met first
            CHECK (since GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    last_at TEXT NOT NULL                  -- when it was met last
            CHECK (last_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    times   INTEGER NOT NULL DEFAULT 1     -- how often
            CHECK (times >= 1),
    error   TEXT NOT NULL                  -- what it was last
            CHECK (error <> '')
) STRICT;

-- A task that goes on has none any more: its bytes are asked for again, or it has ended.
CREATE TRIGGER tasks_trouble_is_over AFTER UPDATE OF state ON tasks
WHEN NEW.state <> OLD.state AND NEW.state NOT IN ('verifying', 'publishing')
BEGIN
    DELETE FROM task_troubles WHERE task_id = NEW.id;
END;

CREATE TRIGGER task_troubles_of_complete_tasks BEFORE INSERT ON task_troubles
WHEN (SELECT state IN ('verifying', 'publishing') FROM tasks WHERE id = NEW.task_id) IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'only a task that is being finished has trouble with it');
END;

-- What does not go on, the longest standing first, and why: uploads that nobody sends to, files that can't be finished,
-- callbacks that are not taken.
CREATE VIEW stuck_tasks AS
SELECT id, state, business_server, user_id AS user, file_name AS file, since,
       round((julianday('now') - julianday(since)) * 24, 1) AS hours, why
FROM (
    SELECT id, state, business_server, user_id, file_name, active_at AS since,
           CASE state WHEN 'paused' THEN 'paused' ELSE 'no block has come' END
               || '; ' || (file_size - received_bytes) || ' of ' || file_size || ' bytes are missing' AS why
    FROM tasks
    WHERE closed_at IS NULL AND state IN ('receiving', 'paused')
          AND active_at < strftime('%Y-%m-%d %H:%M:%f', 'now', '-10 minutes')
    UNION ALL
    SELECT id, state, business_server, user_id, file_name, coalesce(task_troubles.since, active_at),
           coalesce('the file can''t be finished: ' || error || ' (' || times || ' times)', 'the file is being verified')
    FROM tasks LEFT JOIN task_troubles ON task_id = id
    WHERE closed_at IS NULL AND state IN ('verifying', 'publishing')
          AND (times IS NOT NULL OR active_at < strftime('%Y-%m-%d %H:%M:%f', 'now', '-10 minutes'))
    UNION ALL
    SELECT tasks.id, tasks.state, tasks.business_server, user_id, file_name, callbacks.created_at,
           CASE callbacks.state WHEN 'dead' THEN 'the callback was given up' ELSE 'the callback is not taken' END
               || ' after ' || attempts || CASE attempts WHEN 1 THEN ' attempt' ELSE ' attempts' END
               || coalesce(': ' || coalesce(last_error, 'HTTP ' || last_status), '')
    FROM callbacks JOIN tasks ON tasks.id = callbacks.task_id
    WHERE callbacks.state = 'dead' OR callbacks.state <> 'delivered' AND attempts > 0)
ORDER BY since;

-- What happened to each task, in order: its events, the blocks of each minute, the attempts of its callback.
-- To be asked for one task: SELECT at, what, detail FROM task_timeline WHERE task_id = 42
CREATE VIEW task_timeline AS
SELECT task_id, at, what, detail
FROM (
    SELECT task_id, at, CASE kind WHEN 'created' THEN 0 ELSE 2 END AS place, id AS number, kind AS what, detail FROM events
    UNION ALL
    SELECT task_id, min(received_at), 1, 0, 'blocks',
           count(*) || CASE count(*) WHEN 1 THEN ' block, ' ELSE ' blocks, ' END
               || sum(end_byte - start_byte + 1) || ' bytes, until ' || substr(max(received_at), 12)
    FROM blocks GROUP BY task_id, substr(received_at, 1, 16)
    UNION ALL
    SELECT task_id, started_at, 3, attempt, 'callback',
           'attempt ' || attempt || ': ' || coalesce('HTTP ' || status, 'no answer') || ' after ' || duration_ms || ' ms'
               -- of an answer, the status says all
               || CASE WHEN status IS NULL THEN coalesce(', ' || error, '') ELSE '' END
    FROM callbacks JOIN callback_attempts ON callback_id = callbacks.id)
ORDER BY task_id, at, place, number;

-- One line a receiver of callbacks: what it took, what waits for it, and since when it fails.
CREATE VIEW receivers AS
SELECT business_server, delivered, waiting, dead, last_delivery_at,
       (SELECT min(started_at) FROM callback_attempts JOIN callbacks ON callbacks.id = callback_id
        WHERE callbacks.business_server = totals.business_server AND error IS NOT NULL
              AND started_at > coalesce(last_delivery_at, '')) AS failing_since,
       (SELECT coalesce(last_error, 'HTTP ' || last_status) FROM callbacks
        WHERE callbacks.business_server = totals.business_server AND state <> 'delivered' AND attempts > 0
        ORDER BY next_attempt_at DESC LIMIT 1) AS last_error,
       oldest_waiting_at, next_attempt_at
FROM (
    SELECT business_server,
           sum(state = 'delivered') AS delivered,
           sum(state IN ('pending', 'sending')) AS waiting,
           sum(state = 'dead') AS dead,
           max(CASE state WHEN 'delivered' THEN settled_at END) AS last_delivery_at,
           min(CASE WHEN state IN ('pending', 'sending') THEN created_at END) AS oldest_waiting_at,
           min(CASE state WHEN 'pending' THEN next_attempt_at END) AS next_attempt_at
    FROM callbacks GROUP BY business_server) AS totals
ORDER BY business_server;

-- What was received, hour by hour, the newest first. Of tasks that were purged nothing is known any more.
CREATE VIEW hourly_throughput AS
SELECT substr(received_at, 1, 13) || ':00' AS hour,
       count(*) AS blocks,
       count(DISTINCT task_id) AS tasks,
       sum(end_byte - start_byte + 1) AS bytes,
       round(sum(end_byte - start_byte + 1) / 3600.0 / 1048576, 3) AS mib_per_second
FROM blocks
GROUP BY substr(received_at, 1, 13)
ORDER BY hour DESC;

-- How uploads ended, day by day, the newest first.
CREATE VIEW daily_outcomes AS
SELECT substr(closed_at, 1, 10) AS day, state, count(*) AS tasks, sum(received_bytes) AS bytes
FROM tasks
WHERE closed_at IS NOT NULL
GROUP BY substr(closed_at, 1, 10), state
ORDER BY day DESC, state;

-- One line a user, who sent most first.
CREATE VIEW uploaders AS
SELECT business_server, user_id AS user, count(*) AS tasks,
       sum(closed_at IS NULL) AS open_tasks, sum(state = 'finished') AS finished_tasks,
       sum(received_bytes) AS bytes, max(active_at) AS last_active_at
FROM tasks
GROUP BY business_server, user_id
ORDER BY bytes DESC;

-- One line a finished file, the newest first: how long it took, and how fast it came.
CREATE VIEW finished_files AS
SELECT id, business_server, user, file, target_path, file_md5, bytes, created_at, received_at, closed_at,
       round((julianday(received_at) - julianday(created_at)) * 86400, 3) AS transfer_seconds,
       round((julianday(closed_at) - julianday(received_at)) * 86400, 3) AS finishing_seconds,
       round(bytes / 1048576.0 / max(0.001, (julianday(received_at) - julianday(created_at)) * 86400), 3)
           AS mib_per_second
FROM (
    SELECT id, business_server, user_id AS user, file_name AS file, target_path, file_md5, file_size AS bytes, created_at,
           coalesce((SELECT max(received_at) FROM blocks WHERE task_id = tasks.id), created_at) AS received_at, closed_at
    FROM tasks WHERE state = 'finished')
ORDER BY closed_at DESC;

-- When open tasks end by themselves where nobody goes on with them, the next first.
CREATE VIEW expiring_tasks AS
SELECT id, state, business_server, user, file, active_at, expires_at,
       round((julianday(expires_at) - julianday('now')) * 24, 2) AS in_hours
FROM (
    SELECT id, state, business_server, user_id AS user, file_name AS file, active_at,
           strftime('%Y-%m-%d %H:%M:%f', active_at, '+' || value || ' seconds') AS expires_at
    FROM tasks JOIN settings ON name = CASE state WHEN 'paused' THEN 'pausedTimeout' ELSE 'taskTimeout' END
    WHERE closed_at IS NULL AND state IN ('receiving', 'paused'))
ORDER BY expires_at;

-- What open tasks were promised, in bytes: how much of it is there, and how much the disk of tmpDir has to take still.
CREATE VIEW disk_promises AS
SELECT business_server, open_tasks, file_bytes AS promised_bytes, file_bytes - missing_bytes AS received_bytes,
       missing_bytes, round(missing_bytes / 1073741824.0, 3) AS missing_gib
FROM open_totals
WHERE open_tasks > 0
ORDER BY missing_bytes DESC;
