-- The memory of the service. Frozen once released: changes come as new files.
-- Times are UTC text, 'YYYY-MM-DD HH:MM:SS.mmm', so that people read them and texts sort as instants do.
-- Illegal states are refused here too, not only by the program: constraints first, triggers for what they can't say.

CREATE TABLE installation (
    id TEXT NOT NULL                       -- names this database's folder in tmpDir, so that none takes another's bytes
       CHECK (length(id) = 16)
) STRICT;

INSERT INTO installation (id) VALUES (lower(hex(randomblob(8))));

CREATE TABLE tasks (
    id              INTEGER PRIMARY KEY    -- public number of the task, random
                    CHECK (id BETWEEN 1 AND 9007199254740991),
    state           TEXT NOT NULL          -- see TaskState; moves are checked by tasks_legal_moves
                    CHECK (state IN ('receiving', 'paused', 'verifying', 'publishing',
                                     'finished', 'failed', 'cancelled', 'timedOut')),
    business_server TEXT NOT NULL          -- configured identity of the business server, never its token
                    CHECK (business_server <> ''),
    user_id         TEXT NOT NULL,         -- the uploading user, as the business server names them
    store_path      TEXT NOT NULL,         -- folder for the file, as it was sent
    file_name       TEXT NOT NULL          -- one path component
                    CHECK (file_name <> '' AND instr(file_name, '/') = 0),
    file_size       INTEGER NOT NULL       -- bytes
                    CHECK (file_size >= 0),
    file_md5        TEXT NOT NULL          -- MD5 the whole file must have, lower-case hex
                    CHECK (length(file_md5) = 32 AND file_md5 NOT GLOB '*[^0-9a-f]*'),
    target_path     TEXT NOT NULL          -- absolute final path, resolved at registration
                    CHECK (target_path GLOB '/*'),
    feedback        TEXT                   -- feedBackParameter: JSON, byte for byte; NULL when none was sent
                    CHECK (feedback IS NULL OR json_valid(feedback)),
    received_bytes  INTEGER NOT NULL DEFAULT 0   -- sum over blocks, kept by triggers
                    CHECK (received_bytes BETWEEN 0 AND file_size),
    held_end        INTEGER NOT NULL DEFAULT 0   -- end (exclusive) of the last byte held, kept by triggers
                    CHECK (held_end BETWEEN 0 AND file_size),
    reason          TEXT NOT NULL DEFAULT '',    -- why the task closed, one sentence; '' while it is open
    created_at      TEXT NOT NULL          -- when it was registered
                    CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    active_at       TEXT NOT NULL          -- last block, pause or resume; the timeouts count from here
                    CHECK (active_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    closed_at       TEXT                   -- when it was closed; NULL while it is open
                    CHECK (closed_at IS NULL OR
                           closed_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    CHECK ((closed_at IS NULL) = (state IN ('receiving', 'paused', 'verifying', 'publishing'))),
    CHECK (state NOT IN ('verifying', 'publishing', 'finished') OR received_bytes = file_size)
) STRICT;

-- An equal registration finds the open task, and there is never a second one.
CREATE UNIQUE INDEX tasks_open_registration
    ON tasks (business_server, user_id, file_md5, file_size, store_path, file_name) WHERE closed_at IS NULL;
-- Recovery, timeouts.
CREATE INDEX tasks_open_activity ON tasks (state, active_at, id) WHERE closed_at IS NULL;
-- Purging.
CREATE INDEX tasks_closed ON tasks (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE blocks (
    task_id     INTEGER NOT NULL           -- the task
                REFERENCES tasks (id) ON DELETE CASCADE,
    start_byte  INTEGER NOT NULL           -- offset of the first byte
                CHECK (start_byte >= 0),
    end_byte    INTEGER NOT NULL,          -- offset of the last byte, inclusive
    md5         TEXT NOT NULL              -- of exactly these bytes, lower-case hex
                CHECK (length(md5) = 32 AND md5 NOT GLOB '*[^0-9a-f]*'),
    received_at TEXT NOT NULL              -- when it became durable
                CHECK (received_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    PRIMARY KEY (task_id, start_byte),
    CHECK (end_byte >= start_byte)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id      INTEGER PRIMARY KEY,           -- order of events
    task_id INTEGER NOT NULL               -- the task
            REFERENCES tasks (id) ON DELETE CASCADE,
    at      TEXT NOT NULL                  -- when
            CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    kind    TEXT NOT NULL                  -- created, or what the state became
            CHECK (kind IN ('created', 'resumed', 'paused', 'received', 'verified', 'finished',
                            'failed', 'cancelled', 'timedOut', 'bytesLost')),
    detail  TEXT NOT NULL DEFAULT ''       -- one sentence
) STRICT;

CREATE INDEX events_of_task ON events (task_id, id);

CREATE TABLE callbacks (
    id              INTEGER PRIMARY KEY,   -- order of enqueueing
    webhook_id      TEXT NOT NULL UNIQUE   -- header webhook-id, the same on every attempt
                    CHECK (webhook_id <> '' AND instr(webhook_id, '.') = 0),
    task_id         INTEGER NOT NULL UNIQUE    -- the task whose end this tells; a task ends once
                    REFERENCES tasks (id) ON DELETE CASCADE,
    business_server TEXT NOT NULL,         -- identity of the receiver
    destination     TEXT NOT NULL,         -- URL, from the configuration
    body            TEXT NOT NULL          -- JSON as it is sent, byte for byte
                    CHECK (json_valid(body)),
    state           TEXT NOT NULL          -- pending: waits for next_attempt_at; sending: claimed by the server
                    CHECK (state IN ('pending', 'sending', 'delivered', 'dead')),
    attempts        INTEGER NOT NULL DEFAULT 0   -- begun so far
                    CHECK (attempts >= 0),
    next_attempt_at TEXT NOT NULL          -- when it is due
                    CHECK (next_attempt_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    last_status     INTEGER,               -- HTTP status of the last attempt; NULL when there was no answer
    last_error      TEXT,                  -- why the last attempt failed; NULL when it did not
    created_at      TEXT NOT NULL          -- when the task closed
                    CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    settled_at      TEXT                   -- when it was delivered or given up; NULL while it is neither
                    CHECK (settled_at IS NULL OR
                           settled_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    CHECK ((settled_at IS NULL) = (state IN ('pending', 'sending')))
) STRICT;

-- The worker's queue, one lane a business server.
CREATE INDEX callbacks_due ON callbacks (business_server, next_attempt_at, id) WHERE state = 'pending';
-- Claims to take back at start.
CREATE INDEX callbacks_claimed ON callbacks (id) WHERE state = 'sending';

CREATE TABLE callback_attempts (
    callback_id INTEGER NOT NULL           -- the callback
                REFERENCES callbacks (id) ON DELETE CASCADE,
    attempt     INTEGER NOT NULL           -- 1, 2, …
                CHECK (attempt >= 1),
    started_at  TEXT NOT NULL              -- when it was sent
                CHECK (started_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    duration_ms INTEGER NOT NULL           -- until the answer, or until it was given up
                CHECK (duration_ms >= 0),
    status      INTEGER,                   -- HTTP status; NULL when there was no answer
    error       TEXT,                      -- why it failed; NULL when it did not
    PRIMARY KEY (callback_id, attempt)
) STRICT, WITHOUT ROWID;

-- What constraints can't say ------------------------------------------------------------------------------------

-- The same moves as TaskState.successors; a test holds the two against each other.
CREATE TRIGGER tasks_legal_moves BEFORE UPDATE OF state ON tasks
WHEN OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN (
    'receiving>paused', 'receiving>verifying', 'receiving>cancelled', 'receiving>timedOut',
    'paused>receiving', 'paused>verifying', 'paused>cancelled', 'paused>timedOut',
    'verifying>publishing', 'verifying>failed', 'verifying>cancelled', 'verifying>receiving',
    'publishing>finished', 'publishing>failed', 'publishing>receiving')
BEGIN
    SELECT RAISE(ABORT, 'illegal move of a task''s state');
END;

CREATE TRIGGER tasks_start_open BEFORE INSERT ON tasks
WHEN NEW.state <> CASE NEW.file_size WHEN 0 THEN 'verifying' ELSE 'receiving' END
BEGIN
    SELECT RAISE(ABORT, 'a task starts in receiving, one of no bytes in verifying');
END;

CREATE TRIGGER tasks_fixed_facts BEFORE UPDATE OF id, business_server, user_id, store_path, file_name, file_size,
    file_md5, target_path, feedback, created_at ON tasks
BEGIN
    SELECT RAISE(ABORT, 'what was registered does not change');
END;

CREATE TRIGGER blocks_task_takes_it BEFORE INSERT ON blocks
WHEN (SELECT state IN ('receiving', 'paused') FROM tasks WHERE id = NEW.task_id) IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'the task takes no blocks');
END;

CREATE TRIGGER blocks_in_bounds BEFORE INSERT ON blocks
WHEN (SELECT NEW.end_byte < file_size FROM tasks WHERE id = NEW.task_id) IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'the block ends outside of the file');
END;

-- Rows are disjoint, so only the last one that starts at or before the new end can overlap.
CREATE TRIGGER blocks_no_overlap BEFORE INSERT ON blocks
WHEN (SELECT end_byte >= NEW.start_byte FROM blocks
      WHERE task_id = NEW.task_id AND start_byte <= NEW.end_byte
      ORDER BY start_byte DESC LIMIT 1) IS 1
BEGIN
    SELECT RAISE(ABORT, 'the block overlaps one that is held');
END;

CREATE TRIGGER blocks_are_facts BEFORE UPDATE ON blocks
BEGIN
    SELECT RAISE(ABORT, 'a block does not change; delete it when its bytes are gone');
END;

CREATE TRIGGER blocks_counted AFTER INSERT ON blocks
BEGIN
    UPDATE tasks SET received_bytes = received_bytes + NEW.end_byte - NEW.start_byte + 1,
                     held_end = max(held_end, NEW.end_byte + 1),
                     active_at = max(active_at, NEW.received_at)
    WHERE id = NEW.task_id;
END;

CREATE TRIGGER blocks_uncounted AFTER DELETE ON blocks
BEGIN
    UPDATE tasks SET received_bytes = received_bytes - (OLD.end_byte - OLD.start_byte + 1),
                     held_end = coalesce((SELECT end_byte + 1 FROM blocks WHERE task_id = OLD.task_id
                                          ORDER BY start_byte DESC LIMIT 1), 0)
    WHERE id = OLD.task_id;
END;

CREATE TRIGGER events_append_only BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- Purging a task takes its events along; its row is gone by then.
CREATE TRIGGER events_stay BEFORE DELETE ON events
WHEN EXISTS (SELECT 1 FROM tasks WHERE id = OLD.task_id)
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER callbacks_only_of_closed_tasks BEFORE INSERT ON callbacks
WHEN (SELECT closed_at IS NOT NULL FROM tasks WHERE id = NEW.task_id) IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'only a closed task has a callback');
END;

CREATE TRIGGER callbacks_as_enqueued BEFORE UPDATE OF webhook_id, task_id, business_server, body, created_at ON callbacks
BEGIN
    SELECT RAISE(ABORT, 'a callback is sent as it was enqueued');
END;
