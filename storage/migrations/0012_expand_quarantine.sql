-- How much room mail in quarantine takes, read from the index alone.
ALTER TABLE inbound ADD COLUMN octets INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbound_quarantined ON inbound (id, octets) WHERE status = 'quarantined';
