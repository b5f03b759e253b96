-- name: add
INSERT INTO outbox (kind, delivery_key, reservation_id, recipient, payload, due_epoch, created_epoch)
VALUES (:kind, :delivery_key, :reservation_id, :recipient, :payload, :due_epoch, :now)
RETURNING id;

-- name: pending
SELECT * FROM outbox WHERE status = 'queued' ORDER BY due_epoch, id;
