-- Passwords for programs: each of its own, so that one can be taken back.
CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('full', 'read')),
    created_epoch BIGINT NOT NULL,
    expires_epoch BIGINT,
    used_epoch BIGINT
);
CREATE INDEX token_principal ON token (principal_id);
