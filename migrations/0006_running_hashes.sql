-- How far the MD5 of a task's file has been computed. It follows the bytes that are held without a gap from the first on,
-- so that finishing a file costs only what came last, and a restart reads nothing again.

ALTER TABLE tasks ADD COLUMN hashed_bytes INTEGER NOT NULL DEFAULT 0   -- the MD5 covers this many bytes of the file
    CHECK (hashed_bytes >= 0 AND hashed_bytes % 64 = 0);
ALTER TABLE tasks ADD COLUMN hash_state TEXT    -- its four words after them (RFC 1321), as hex; NULL before the first
    CHECK ((hash_state IS NULL) = (hashed_bytes = 0)
           AND length(hash_state) = 32 AND hash_state NOT GLOB '*[^0-9a-f]*');
ALTER TABLE tasks ADD COLUMN hash_round INTEGER NOT NULL DEFAULT 0     -- counts what makes an earlier state worthless
    CHECK (hash_round >= 0);

-- Bytes that are not held any more may come back as others. Before the rows go, for what is hashed is never more than what
-- is held.
CREATE TRIGGER blocks_unhashed BEFORE DELETE ON blocks
BEGIN
    UPDATE tasks SET hashed_bytes = 0, hash_state = NULL, hash_round = hash_round + 1 WHERE id = OLD.task_id;
END;

CREATE TRIGGER tasks_hash_only_what_is_held BEFORE UPDATE OF hashed_bytes ON tasks
WHEN NEW.hashed_bytes > OLD.hashed_bytes AND NEW.hashed_bytes > OLD.received_bytes
BEGIN
    SELECT RAISE(ABORT, 'more is hashed than is held');
END;
