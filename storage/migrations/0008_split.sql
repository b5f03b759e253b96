-- A series that a host's program cut in two: what follows lies in a calendar object of its own.

ALTER TABLE reservation ADD COLUMN object_uid TEXT;
CREATE INDEX reservation_object ON reservation (object_uid) WHERE object_uid IS NOT NULL;
