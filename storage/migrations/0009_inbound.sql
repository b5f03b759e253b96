-- Mail that was taken: that it is dealt with once, and what could not be understood, for people to look at.
CREATE TABLE inbound (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'ignored', 'quarantined')),
    reason TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '',
    received_epoch BIGINT NOT NULL,
    UNIQUE (message_id, recipient)
);
CREATE INDEX inbound_received ON inbound (received_epoch);
CREATE INDEX inbound_sender ON inbound (sender, received_epoch);
