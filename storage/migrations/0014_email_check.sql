-- A time is held for somebody who has not answered the mail to their address yet.
ALTER TABLE reservation ADD COLUMN unverified INTEGER NOT NULL DEFAULT 0 CHECK (unverified IN (0, 1));
ALTER TABLE seat ADD COLUMN expires_epoch BIGINT;
CREATE INDEX seat_expires ON seat (expires_epoch) WHERE status = 'confirmed' AND expires_epoch IS NOT NULL;

-- That an address has a seat must not be seen by asking for another one.
DROP INDEX seat_invitee;
CREATE UNIQUE INDEX seat_invitee ON seat (reservation_id, lower(email))
    WHERE status = 'confirmed' AND expires_epoch IS NULL;
