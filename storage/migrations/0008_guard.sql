-- Against abuse: how much somebody may still try, and who may not book.
CREATE TABLE rate (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    until_ms BIGINT NOT NULL
);
CREATE INDEX rate_until ON rate (until_ms);

CREATE TABLE blocked (
    id INTEGER PRIMARY KEY,
    pattern TEXT NOT NULL UNIQUE CHECK (pattern = lower(pattern)),
    created_epoch BIGINT NOT NULL
);

CREATE INDEX reservation_open ON reservation (lower(invitee_email), end_epoch) WHERE status IN ('pending', 'confirmed');
CREATE INDEX seat_email ON seat (lower(email)) WHERE status = 'confirmed';
