-- A series that a host's program cut in two: what follows lies in a calendar object of its own. And which
-- reservations have seats, for the limit of an invitee.

ALTER TABLE reservation ADD COLUMN object_uid TEXT;
CREATE INDEX reservation_object ON reservation (object_uid) WHERE object_uid IS NOT NULL;
CREATE INDEX seat_reservation ON seat (reservation_id);
