-- name: take
INSERT INTO rate (name, until_ms) VALUES (:name, CAST(:now_ms AS BIGINT) + :step_ms)
ON CONFLICT (name) DO UPDATE
SET until_ms = CASE WHEN rate.until_ms > :now_ms THEN rate.until_ms ELSE CAST(:now_ms AS BIGINT) END + :step_ms
WHERE CASE WHEN rate.until_ms > :now_ms THEN rate.until_ms ELSE CAST(:now_ms AS BIGINT) END + :step_ms <= CAST(:now_ms AS BIGINT) + :period_ms;

-- name: until
SELECT until_ms FROM rate WHERE name = :name;

-- name: forget
DELETE FROM rate WHERE until_ms <= :now_ms;

-- name: stale
SELECT id FROM rate WHERE until_ms <= :now_ms LIMIT 1;

-- name: block
INSERT INTO blocked (pattern, created_epoch) VALUES (:pattern, :now) ON CONFLICT (pattern) DO NOTHING;

-- name: unblock
DELETE FROM blocked WHERE pattern = :pattern;

-- name: blocked
SELECT pattern FROM blocked ORDER BY pattern;

-- name: any_blocked
SELECT blocked.id FROM json_each(:patterns) AS wanted JOIN blocked ON blocked.pattern = wanted.value LIMIT 1;

-- name: open_of_invitee
SELECT (SELECT count(*) FROM reservation
        WHERE lower(invitee_email) = lower(:email) AND end_epoch > :now AND status IN ('pending', 'confirmed')
        AND unverified = 0 AND NOT EXISTS (SELECT 1 FROM seat WHERE seat.reservation_id = reservation.id))
    + (SELECT count(*) FROM seat JOIN reservation ON reservation.id = seat.reservation_id
        WHERE lower(seat.email) = lower(:email) AND seat.status = 'confirmed' AND seat.expires_epoch IS NULL
        AND reservation.end_epoch > :now AND reservation.status IN ('pending', 'confirmed'));
