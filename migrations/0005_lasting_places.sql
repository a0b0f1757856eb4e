-- What the server has to recognise after years: the disk that staged bytes are on, and a callback's own attempts.

-- The file system of the staging folder, as kind:number of statfs(2), with a slash where it is that of /. NULL until the first start with this column. Bytes that
-- are not found on another one were not lost, their volume is not mounted.
ALTER TABLE installation ADD COLUMN staging_file_system TEXT
    CHECK (staging_file_system IS NULL OR staging_file_system <> '');

-- A number of a callback that somebody deleted by hand is given out again (the sqlite3 shell leaves the attempts behind,
-- foreign keys are off there). What was left under it is not this one's.
CREATE TRIGGER callbacks_begin_unattempted AFTER INSERT ON callbacks
BEGIN
    DELETE FROM callback_attempts WHERE callback_id = NEW.id;
END;

-- Of those that have met already: an attempt which its callback has not come to yet.
DELETE FROM callback_attempts
WHERE attempt > (SELECT attempts FROM callbacks WHERE callbacks.id = callback_attempts.callback_id);
