-- The rules of event types, teams, series of bookings, private links and what could not be read in a window.

ALTER TABLE principal ADD COLUMN holidays TEXT NOT NULL DEFAULT '';
ALTER TABLE principal ADD COLUMN availability TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN zone TEXT;
ALTER TABLE event_type ADD COLUMN closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1));
ALTER TABLE event_type ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
ALTER TABLE reservation ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE reservation ADD COLUMN answers TEXT NOT NULL DEFAULT '{}';
ALTER TABLE reservation ADD COLUMN guests TEXT NOT NULL DEFAULT '[]';
ALTER TABLE reservation ADD COLUMN series TEXT;
ALTER TABLE reservation ADD COLUMN recurrence_epoch BIGINT CHECK ((recurrence_epoch IS NULL) = (series IS NULL));
ALTER TABLE seat ADD COLUMN uid TEXT;
ALTER TABLE seat ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE seat ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE seat ADD COLUMN answers TEXT NOT NULL DEFAULT '{}';
ALTER TABLE seat ADD COLUMN idempotency_key TEXT;

-- An event type that lived by its windows and lost the last was called hidden before.
UPDATE event_type SET closed = 1, hidden = 0 WHERE origin = 'calendar' AND hidden = 1;
UPDATE reservation SET location = (SELECT location FROM event_type WHERE event_type.id = reservation.event_type_id);

CREATE INDEX reservation_series ON reservation (series) WHERE series IS NOT NULL;
CREATE INDEX reservation_expires ON reservation (expires_epoch) WHERE status = 'pending';
CREATE INDEX reservation_invitee ON reservation (event_type_id, lower(invitee_email));
CREATE UNIQUE INDEX seat_uid ON seat (uid) WHERE uid IS NOT NULL;
CREATE UNIQUE INDEX seat_idempotency ON seat (reservation_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The hosts of a team's event type; the least position has the highest priority.
CREATE TABLE event_type_host (
    event_type_id INTEGER NOT NULL REFERENCES event_type (id) ON DELETE CASCADE,
    principal_id INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (event_type_id, principal_id)
);
CREATE INDEX event_type_host_principal ON event_type_host (principal_id);

-- A link that opens a private event type; only the hash of its token is kept.
CREATE TABLE booking_link (
    id INTEGER PRIMARY KEY,
    event_type_id INTEGER NOT NULL REFERENCES event_type (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    single_use INTEGER NOT NULL CHECK (single_use IN (0, 1)),
    used_epoch BIGINT,
    expires_epoch BIGINT,
    created_epoch BIGINT NOT NULL
);

-- A line of a window's description that could not be read.
CREATE TABLE window_problem (
    id INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    line TEXT NOT NULL,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL
);
CREATE INDEX window_problem_item ON window_problem (item_id);

-- A key belongs to an event type: the hosts of a team share it, and a host has several event types.
DROP INDEX reservation_idempotency;
CREATE UNIQUE INDEX reservation_idempotency ON reservation (event_type_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- Days that are closed are few among many events.
CREATE INDEX instance_all_day ON instance (collection_id, span_class, start_epoch) WHERE all_day = 1;

-- Without it every look at a host's time goes through the times of all hosts.
CREATE INDEX collection_principal ON collection (principal_id);
