-- How the site does, in numbers.

-- name: outbox
SELECT count(CASE WHEN status = 'queued' THEN 1 END) AS queued, count(CASE WHEN status = 'failed' THEN 1 END) AS failed,
    min(CASE WHEN status = 'queued' AND due_epoch <= :now THEN due_epoch END) AS oldest_epoch
FROM outbox WHERE status IN ('queued', 'failed');

-- name: reservations
SELECT status, count(*) AS number FROM reservation WHERE end_epoch > :now GROUP BY status;

-- name: hosts
SELECT count(*) AS number FROM principal WHERE host = 1;

-- name: window_problems
SELECT count(*) AS number FROM window_problem;

-- name: unreadable
SELECT count(*) AS number FROM item WHERE unreadable IS NOT NULL;
