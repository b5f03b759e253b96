-- Whether the site is held still, and what people are told meanwhile: at most one row, none in normal times.
CREATE TABLE maintenance_mode (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mode TEXT NOT NULL CHECK (mode IN ('closed', 'read-only')),
    message TEXT NOT NULL DEFAULT '',
    since_epoch BIGINT NOT NULL
);
