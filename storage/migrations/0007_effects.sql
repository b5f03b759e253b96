-- What follows from bookings: the language and the agenda of a host, webhooks and every attempt to deliver one.

ALTER TABLE principal ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE principal ADD COLUMN agenda TEXT NOT NULL DEFAULT '';

CREATE TABLE webhook (
    id INTEGER PRIMARY KEY,
    principal_id INTEGER REFERENCES principal (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL DEFAULT '[]',
    created_epoch BIGINT NOT NULL
);
CREATE INDEX webhook_principal ON webhook (principal_id);

CREATE TABLE webhook_attempt (
    id INTEGER PRIMARY KEY,
    outbox_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    at_epoch BIGINT NOT NULL,
    answer INTEGER,
    error TEXT NOT NULL DEFAULT '',
    milliseconds INTEGER NOT NULL
);
CREATE INDEX webhook_attempt_outbox ON webhook_attempt (outbox_id);
CREATE INDEX outbox_reservation ON outbox (reservation_id);
