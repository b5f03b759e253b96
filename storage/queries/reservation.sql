-- name: get_by_uid
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.uid = :uid;

-- name: by_idempotency_key
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.event_type_id = :event_type_id AND reservation.idempotency_key = :idempotency_key;

-- name: list
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE (CAST(:host AS TEXT) IS NULL OR principal.name = :host)
    AND (CAST(:status AS TEXT) IS NULL OR reservation.status = :status)
ORDER BY reservation.start_epoch, reservation.id;

-- name: live_of_host
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM principal AS wanted JOIN occupancy AS taken ON taken.principal_id = wanted.id AND taken.live = 1
JOIN reservation ON reservation.id = taken.reservation_id
JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE wanted.name = :host AND taken.start_epoch < :range_end AND taken.start_epoch > :range_start - 604800
    AND reservation.start_epoch >= :range_start AND reservation.start_epoch < :range_end
ORDER BY reservation.start_epoch, reservation.id;

-- name: at
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.event_type_id = :event_type_id AND reservation.start_epoch = :start_epoch
    AND reservation.status IN ('pending', 'confirmed');

-- name: add
INSERT INTO reservation (principal_id, event_type_id, uid, status, start_epoch, end_epoch, invitee_name, invitee_email,
    invitee_timezone, language, note, idempotency_key, sequence, reason, created_epoch, modified_epoch, expires_epoch,
    location, answers, guests, series, recurrence_epoch, unverified)
SELECT id, :event_type_id, :uid, :status, :start_epoch, :end_epoch, :invitee_name, :invitee_email, :invitee_timezone,
    :language, :note, :idempotency_key, :sequence, :reason, :now, :now, :expires_epoch, :location, :answers, :guests,
    :series, :recurrence_epoch, :unverified
FROM principal WHERE name = :host
RETURNING id;

-- name: add_occupancy
INSERT INTO occupancy (reservation_id, principal_id, start_epoch, end_epoch, live)
SELECT :reservation_id, id, :start_epoch, :end_epoch, :live FROM principal WHERE name = :host;

-- name: hosts
SELECT principal.name FROM occupancy JOIN principal ON principal.id = occupancy.principal_id
WHERE occupancy.reservation_id = :reservation_id ORDER BY occupancy.id;

-- name: of_object
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.uid = :calendar_uid AND reservation.series IS NULL
    OR reservation.series = :calendar_uid AND reservation.object_uid IS NULL OR reservation.object_uid = :calendar_uid
ORDER BY reservation.recurrence_epoch;

-- name: of_series
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.series = :series
ORDER BY reservation.recurrence_epoch;

-- name: series_ahead
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE principal.name = :host AND reservation.start_epoch > :now AND reservation.series IS NOT NULL
    AND (reservation.status IN ('pending', 'confirmed')
        OR reservation.status = 'cancelled' AND reservation.modified_epoch > :since)
ORDER BY reservation.series, reservation.start_epoch;

-- name: expired
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.status = 'pending' AND reservation.expires_epoch <= :now
ORDER BY reservation.expires_epoch LIMIT :most;

-- name: of_invitee
-- In a group who has a seat counts. No meeting lasts longer than a day. What others hold in the invitee's name does not.
SELECT (SELECT count(*) FROM reservation
    WHERE event_type_id = :event_type_id AND lower(invitee_email) = lower(:email) AND end_epoch > :now
        AND status IN ('pending', 'confirmed') AND unverified = 0
        AND NOT EXISTS (SELECT 1 FROM seat WHERE seat.reservation_id = reservation.id))
    + (SELECT count(*) FROM reservation
    WHERE event_type_id = :event_type_id AND start_epoch > :now - 90000 AND end_epoch > :now
        AND status IN ('pending', 'confirmed')
        AND EXISTS (SELECT 1 FROM seat WHERE seat.reservation_id = reservation.id
            AND lower(seat.email) = lower(:email) AND seat.status = 'confirmed'
            AND seat.expires_epoch IS NULL)) AS bookings;

-- name: turns
SELECT principal.name AS host,
    count(CASE WHEN reservation.status IN ('pending', 'confirmed') AND reservation.end_epoch > :now
        THEN 1 END) AS bookings,
    max(CASE WHEN reservation.status IN ('pending', 'confirmed') THEN reservation.id END) AS last_id
FROM event_type_host JOIN principal ON principal.id = event_type_host.principal_id
LEFT JOIN reservation ON reservation.principal_id = principal.id
    AND reservation.event_type_id = event_type_host.event_type_id
WHERE event_type_host.event_type_id = :event_type_id
GROUP BY principal.name;

-- name: update
UPDATE reservation SET status = :status, start_epoch = :start_epoch, end_epoch = :end_epoch, sequence = :sequence,
    reason = :reason, expires_epoch = :expires_epoch, recurrence_epoch = :recurrence_epoch, object_uid = :object_uid,
    unverified = :unverified, modified_epoch = :now
WHERE id = :id;

-- name: end_occupancy
UPDATE occupancy SET live = 0 WHERE reservation_id = :reservation_id;

-- name: move_occupancy
UPDATE occupancy SET start_epoch = :start_epoch, end_epoch = :end_epoch, live = 1
WHERE reservation_id = :reservation_id;

-- name: occupancies
SELECT occupancy.start_epoch, occupancy.end_epoch, reservation.uid,
    coalesce(reservation.object_uid, reservation.series, reservation.uid) AS calendar_uid
FROM occupancy JOIN principal ON principal.id = occupancy.principal_id
JOIN reservation ON reservation.id = occupancy.reservation_id
WHERE principal.name = :host AND occupancy.live = 1 AND occupancy.start_epoch < :range_end
    AND occupancy.start_epoch > :range_start - 604800 AND occupancy.end_epoch > :range_start
ORDER BY occupancy.start_epoch;

-- name: booked
SELECT uid, start_epoch, end_epoch FROM reservation
WHERE event_type_id = :event_type_id AND start_epoch >= :range_start AND start_epoch < :range_end
    AND status IN ('pending', 'confirmed')
ORDER BY start_epoch;

-- name: add_seat
INSERT INTO seat (reservation_id, uid, name, email, timezone, language, note, answers, idempotency_key, status,
    created_epoch, expires_epoch)
VALUES (:reservation_id, :uid, :name, :email, :timezone, :language, :note, :answers, :idempotency_key, 'confirmed', :now,
    :expires_epoch)
RETURNING id;

-- name: seat
SELECT seat.*, reservation.uid AS reservation_uid
FROM seat JOIN reservation ON reservation.id = seat.reservation_id WHERE seat.uid = :uid;

-- name: seat_by_key
SELECT seat.*, reservation.uid AS reservation_uid
FROM seat JOIN reservation ON reservation.id = seat.reservation_id
WHERE reservation.event_type_id = :event_type_id AND seat.idempotency_key = :idempotency_key;

-- name: seats
SELECT * FROM seat WHERE reservation_id = :reservation_id AND status = 'confirmed' AND expires_epoch IS NULL
ORDER BY id;

-- name: held_seats
SELECT * FROM seat WHERE reservation_id = :reservation_id AND status = 'confirmed' AND expires_epoch IS NOT NULL
ORDER BY id;

-- name: lapsed_seats
SELECT seat.*, reservation.uid AS reservation_uid
FROM seat JOIN reservation ON reservation.id = seat.reservation_id
WHERE seat.status = 'confirmed' AND seat.expires_epoch IS NOT NULL AND seat.expires_epoch <= :now
ORDER BY seat.expires_epoch LIMIT :most;

-- name: keep_seat
UPDATE seat SET expires_epoch = NULL WHERE uid = :uid AND status = 'confirmed';

-- name: cancel_seat
UPDATE seat SET status = 'cancelled' WHERE uid = :uid AND status = 'confirmed';

-- name: move_seat
UPDATE seat SET reservation_id = :reservation_id WHERE uid = :uid AND status = 'confirmed';

-- name: starts_of_invitee
SELECT reservation.start_epoch FROM seat JOIN reservation ON reservation.id = seat.reservation_id
WHERE lower(seat.email) = lower(:email) AND seat.status = 'confirmed' AND seat.expires_epoch IS NULL
    AND reservation.event_type_id = :event_type_id AND reservation.status IN ('pending', 'confirmed')
    AND reservation.start_epoch >= :range_start AND reservation.start_epoch < :range_end;

-- name: seats_taken
SELECT reservation.start_epoch, count(seat.id) AS taken
FROM reservation JOIN seat ON seat.reservation_id = reservation.id AND seat.status = 'confirmed'
WHERE reservation.event_type_id = :event_type_id AND reservation.status IN ('pending', 'confirmed')
    AND reservation.start_epoch >= :range_start AND reservation.start_epoch < :range_end
GROUP BY reservation.start_epoch;

-- name: by_key_prefix
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title,
    EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
        AND occupancy.principal_id <> reservation.principal_id) AS shared
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.event_type_id = :event_type_id
    AND reservation.idempotency_key >= :prefix AND reservation.idempotency_key < :after
ORDER BY reservation.id;

-- name: seats_by_key_prefix
SELECT seat.*, reservation.uid AS reservation_uid
FROM seat JOIN reservation ON reservation.id = seat.reservation_id
WHERE reservation.event_type_id = :event_type_id
    AND seat.idempotency_key >= :prefix AND seat.idempotency_key < :after
ORDER BY seat.id;

-- name: reader
-- How somebody reads who has booked: as the last booking, or seat of one, says.
SELECT language, timezone FROM (
    SELECT language, invitee_timezone AS timezone, created_epoch FROM reservation
    WHERE lower(invitee_email) = lower(:email) AND status IN ('pending', 'confirmed')
    UNION ALL
    SELECT language, timezone, created_epoch FROM seat WHERE lower(email) = lower(:email) AND status = 'confirmed') AS said
ORDER BY created_epoch DESC LIMIT 1;

-- name: invitation
-- A row where the reservation, or the seat by which it is seen, was booked by an invitation.
SELECT invited FROM reservation
WHERE uid = :uid AND CAST(:seat AS TEXT) IS NULL AND substr(idempotency_key, 1, 5) = 'itip/'
UNION ALL
SELECT invited FROM seat WHERE uid = :seat AND substr(idempotency_key, 1, 5) = 'itip/';

-- name: set_invitation
UPDATE reservation SET invited = :invited WHERE uid = :uid;

-- name: set_invitation_of_seat
UPDATE seat SET invited = :invited WHERE uid = :seat;
