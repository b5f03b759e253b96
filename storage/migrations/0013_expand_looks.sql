-- What is looked for every little while must not be looked for among everything that there is.
CREATE INDEX principal_agenda ON principal (name) WHERE agenda <> '';
CREATE INDEX item_behind ON item (expanded_until_epoch) WHERE expanded_until_epoch IS NOT NULL;
CREATE INDEX reservation_end ON reservation (end_epoch, status);
CREATE INDEX outbox_failed ON outbox (id) WHERE status = 'failed';
