-- What went on, in stretches of ten seconds, for the charts of the console. The server keeps two days of it.
CREATE TABLE traffic (
    at                TEXT NOT NULL PRIMARY KEY   -- the end of the stretch
                      CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]'),
    seconds           REAL NOT NULL               -- how long it was
                      CHECK (seconds > 0),
    bytes             INTEGER NOT NULL            -- of blocks that became durable in it
                      CHECK (bytes >= 0),
    blocks            INTEGER NOT NULL            -- that became durable in it
                      CHECK (blocks >= 0),
    requests          INTEGER NOT NULL            -- with blocks that were answered in it, whatever the answer
                      CHECK (requests >= 0),
    request_seconds   REAL NOT NULL               -- how long they took, added up
                      CHECK (request_seconds >= 0),
    open_tasks        INTEGER NOT NULL            -- at its end
                      CHECK (open_tasks >= 0),
    waiting_callbacks INTEGER NOT NULL            -- at its end: neither delivered nor given up
                      CHECK (waiting_callbacks >= 0),
    dead_callbacks    INTEGER NOT NULL            -- at its end: given up
                      CHECK (dead_callbacks >= 0)
) STRICT, WITHOUT ROWID;
