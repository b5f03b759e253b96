-- name: add
INSERT INTO booking_link (event_type_id, token_hash, single_use, expires_epoch, created_epoch)
VALUES (:event_type_id, :token_hash, :single_use, :expires_epoch, :now)
RETURNING id;

-- name: get
SELECT * FROM booking_link WHERE token_hash = :token_hash AND event_type_id = :event_type_id;

-- name: by_id
SELECT * FROM booking_link WHERE id = :id;

-- name: use
UPDATE booking_link SET used_epoch = :now WHERE id = :id AND (used_epoch IS NULL OR single_use = 0);
