-- Delivery of effects: who holds a row and until when, what went wrong, when it was done.
ALTER TABLE outbox ADD COLUMN claimed_until_epoch BIGINT;
ALTER TABLE outbox ADD COLUMN claimed_by TEXT;
ALTER TABLE outbox ADD COLUMN last_error TEXT;
ALTER TABLE outbox ADD COLUMN sent_epoch BIGINT;
CREATE INDEX outbox_recipient ON outbox (kind, lower(recipient), id) WHERE status = 'queued';
