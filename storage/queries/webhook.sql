-- name: add
INSERT INTO webhook (principal_id, url, secret, events, created_epoch)
VALUES (:principal_id, :url, :secret, :events, :now)
RETURNING id;

-- name: all
SELECT webhook.*, principal.name AS host FROM webhook LEFT JOIN principal ON principal.id = webhook.principal_id
ORDER BY webhook.id;

-- name: of_reservation
SELECT webhook.*, NULL AS host FROM webhook WHERE principal_id IS NULL
UNION ALL
SELECT webhook.*, principal.name AS host
FROM occupancy JOIN webhook ON webhook.principal_id = occupancy.principal_id
JOIN principal ON principal.id = webhook.principal_id
WHERE occupancy.reservation_id = :reservation_id
ORDER BY id;

-- name: get
SELECT webhook.*, principal.name AS host FROM webhook LEFT JOIN principal ON principal.id = webhook.principal_id
WHERE webhook.id = :id;

-- name: remove
DELETE FROM webhook WHERE id = :id;

-- name: attempt
INSERT INTO webhook_attempt (outbox_id, at_epoch, answer, error, milliseconds)
VALUES (:outbox_id, :now, :answer, :error, :milliseconds);

-- name: attempts
SELECT * FROM webhook_attempt WHERE outbox_id = :outbox_id ORDER BY id;
