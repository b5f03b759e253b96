-- name: get_by_uid
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title, event_type.location
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.uid = :uid;

-- name: by_idempotency_key
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title, event_type.location
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE principal.name = :host AND reservation.idempotency_key = :idempotency_key;

-- name: list
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title, event_type.location
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE (CAST(:host AS TEXT) IS NULL OR principal.name = :host)
    AND (CAST(:status AS TEXT) IS NULL OR reservation.status = :status)
ORDER BY reservation.start_epoch, reservation.id;

-- name: at
SELECT reservation.*, principal.name AS host, event_type.slug, event_type.title, event_type.location
FROM reservation JOIN principal ON principal.id = reservation.principal_id
JOIN event_type ON event_type.id = reservation.event_type_id
WHERE reservation.event_type_id = :event_type_id AND reservation.start_epoch = :start_epoch
    AND reservation.status IN ('pending', 'confirmed');

-- name: add
INSERT INTO reservation (principal_id, event_type_id, uid, status, start_epoch, end_epoch, invitee_name, invitee_email,
    invitee_timezone, language, note, idempotency_key, sequence, reason, created_epoch, modified_epoch, expires_epoch)
SELECT principal_id, id, :uid, :status, :start_epoch, :end_epoch, :invitee_name, :invitee_email, :invitee_timezone,
    :language, :note, :idempotency_key, :sequence, :reason, :now, :now, :expires_epoch
FROM event_type WHERE id = :event_type_id
RETURNING id;

-- name: add_occupancy
INSERT INTO occupancy (reservation_id, principal_id, start_epoch, end_epoch, live)
SELECT id, principal_id, :start_epoch, :end_epoch, :live FROM reservation WHERE id = :reservation_id;

-- name: update
UPDATE reservation SET status = :status, start_epoch = :start_epoch, end_epoch = :end_epoch, sequence = :sequence,
    reason = :reason, expires_epoch = :expires_epoch, modified_epoch = :now
WHERE id = :id;

-- name: update_occupancy
UPDATE occupancy SET start_epoch = :start_epoch, end_epoch = :end_epoch, live = :live
WHERE reservation_id = :reservation_id;

-- name: occupancies
SELECT occupancy.start_epoch, occupancy.end_epoch, reservation.uid, reservation.event_type_id,
    reservation.start_epoch AS booked_epoch
FROM occupancy JOIN principal ON principal.id = occupancy.principal_id
JOIN reservation ON reservation.id = occupancy.reservation_id
WHERE principal.name = :host AND occupancy.live = 1 AND occupancy.start_epoch < :range_end
    AND occupancy.start_epoch > :range_start - 604800 AND occupancy.end_epoch > :range_start
ORDER BY occupancy.start_epoch;

-- name: starts
SELECT uid, start_epoch FROM reservation
WHERE event_type_id = :event_type_id AND start_epoch >= :range_start AND start_epoch < :range_end
    AND status IN ('pending', 'confirmed')
ORDER BY start_epoch;

-- name: add_seat
INSERT INTO seat (reservation_id, name, email, timezone, status, created_epoch)
VALUES (:reservation_id, :name, :email, :timezone, 'confirmed', :now)
RETURNING id;

-- name: has_seat
SELECT 1 FROM seat WHERE reservation_id = :reservation_id AND lower(email) = lower(:email) AND status = 'confirmed';

-- name: seats_taken
SELECT reservation.start_epoch, count(seat.id) AS taken
FROM reservation JOIN seat ON seat.reservation_id = reservation.id AND seat.status = 'confirmed'
WHERE reservation.event_type_id = :event_type_id AND reservation.status IN ('pending', 'confirmed')
    AND reservation.start_epoch >= :range_start AND reservation.start_epoch < :range_end
GROUP BY reservation.start_epoch;
