-- What the open tasks of each business server add up to, so that a new one is weighed against the free space and
-- against maxOpenTasks inside its own transaction, without counting the others.

CREATE TABLE open_totals (
    business_server TEXT NOT NULL PRIMARY KEY,   -- as in tasks
    open_tasks      INTEGER NOT NULL       -- tasks that are not closed
                    CHECK (open_tasks >= 0),
    file_bytes      INTEGER NOT NULL       -- their sizes: what the disk of storeDir has to take
                    CHECK (file_bytes >= 0),
    missing_bytes   INTEGER NOT NULL       -- what they have not received yet: what the disk of tmpDir has to take
                    CHECK (missing_bytes BETWEEN 0 AND file_bytes)
) STRICT, WITHOUT ROWID;

INSERT INTO open_totals (business_server, open_tasks, file_bytes, missing_bytes)
SELECT business_server, count(*), sum(file_size), sum(file_size - received_bytes)
FROM tasks WHERE closed_at IS NULL GROUP BY business_server;

-- Whether a COMMIT succeeds now is found out by making one here.
CREATE TABLE probes (
    room BLOB NOT NULL                     -- as many bytes as a transaction with many blocks takes
) STRICT;

INSERT INTO probes (room) VALUES (zeroblob(1));

CREATE TRIGGER totals_task_opened AFTER INSERT ON tasks
BEGIN
    INSERT INTO open_totals (business_server, open_tasks, file_bytes, missing_bytes)
    VALUES (NEW.business_server, 1, NEW.file_size, NEW.file_size - NEW.received_bytes)
    ON CONFLICT (business_server) DO UPDATE SET
        open_tasks = open_tasks + 1,
        file_bytes = file_bytes + excluded.file_bytes,
        missing_bytes = missing_bytes + excluded.missing_bytes;
END;

CREATE TRIGGER totals_bytes_received AFTER UPDATE OF received_bytes ON tasks
WHEN NEW.closed_at IS NULL AND NEW.received_bytes <> OLD.received_bytes
BEGIN
    UPDATE open_totals SET missing_bytes = missing_bytes - (NEW.received_bytes - OLD.received_bytes)
    WHERE business_server = NEW.business_server;
END;

CREATE TRIGGER totals_task_closed AFTER UPDATE OF closed_at ON tasks
WHEN OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL
BEGIN
    UPDATE open_totals SET
        open_tasks = open_tasks - 1,
        file_bytes = file_bytes - OLD.file_size,
        missing_bytes = missing_bytes - (OLD.file_size - OLD.received_bytes)
    WHERE business_server = NEW.business_server;
END;

CREATE TRIGGER totals_open_task_deleted AFTER DELETE ON tasks
WHEN OLD.closed_at IS NULL
BEGIN
    UPDATE open_totals SET
        open_tasks = open_tasks - 1,
        file_bytes = file_bytes - OLD.file_size,
        missing_bytes = missing_bytes - (OLD.file_size - OLD.received_bytes)
    WHERE business_server = OLD.business_server;
END;
