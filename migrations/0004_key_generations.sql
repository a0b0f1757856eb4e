-- Task keys are made with a secret that is replaced now and then. A task stays with the one it was registered under.

ALTER TABLE tasks ADD COLUMN key_generation INTEGER NOT NULL DEFAULT 1   -- number of the secret in the file beside this
    CHECK (key_generation >= 1);

-- Which secrets are still needed.
CREATE INDEX tasks_open_key_generation ON tasks (key_generation) WHERE closed_at IS NULL;
