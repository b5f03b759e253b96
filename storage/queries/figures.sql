-- How the site does, in numbers.

-- name: outbox
-- Each by an index of its own: what was sent is not looked at.
SELECT (SELECT count(*) FROM outbox WHERE status = 'queued') AS queued,
    (SELECT count(*) FROM outbox WHERE status = 'failed') AS failed,
    (SELECT min(due_epoch) FROM outbox WHERE status = 'queued' AND due_epoch <= :now) AS oldest_epoch;

-- name: reservations
SELECT status, count(*) AS number FROM reservation WHERE end_epoch > :now GROUP BY status;

-- name: hosts
SELECT count(*) AS number FROM principal WHERE host = 1;

-- name: window_problems
SELECT count(*) AS number FROM window_problem;

-- name: unreadable
SELECT count(*) AS number FROM item WHERE unreadable IS NOT NULL;

-- name: without_object
SELECT reservation.uid FROM reservation
WHERE reservation.end_epoch > :now AND reservation.status IN ('pending', 'confirmed') AND NOT EXISTS (
    SELECT 1 FROM item JOIN collection ON collection.id = item.collection_id
    WHERE collection.principal_id = reservation.principal_id
        AND item.uid IN (reservation.uid, coalesce(reservation.series, reservation.uid)))
ORDER BY reservation.id;

-- name: wrongly_occupied
SELECT uid FROM (
    SELECT reservation.id, reservation.uid,
        CASE WHEN reservation.status IN ('pending', 'confirmed') THEN 1 ELSE 0 END AS expected,
        CASE WHEN EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
            AND occupancy.live = 1 AND occupancy.start_epoch <= reservation.start_epoch
            AND occupancy.end_epoch >= reservation.end_epoch) THEN 1 ELSE 0 END AS full_time,
        CASE WHEN EXISTS (SELECT 1 FROM occupancy WHERE occupancy.reservation_id = reservation.id
            AND occupancy.live = 1) THEN 1 ELSE 0 END AS any_time
    FROM reservation WHERE reservation.end_epoch > :now) AS compared
WHERE (expected = 1 AND full_time = 0) OR (expected = 0 AND any_time = 1)
ORDER BY id;

-- name: linked_objects
SELECT item.href, item.text, collection.path, principal.email FROM item
JOIN collection ON collection.id = item.collection_id JOIN principal ON principal.id = collection.principal_id
WHERE item.last_epoch > :now AND principal.host = 1 AND item.text LIKE :pattern ESCAPE '\'
ORDER BY item.id;

-- name: latest
SELECT max(at_epoch) AS epoch FROM audit WHERE id > (SELECT max(id) FROM audit) - 1000;
