-- name: add
INSERT INTO outbox (kind, delivery_key, reservation_id, recipient, payload, due_epoch, created_epoch)
VALUES (:kind, :delivery_key, :reservation_id, :recipient, :payload, :due_epoch, :now);

-- name: withdraw
DELETE FROM outbox
WHERE reservation_id = :reservation_id AND substr(delivery_key, 1, length(:prefix)) = :prefix
    AND status = 'queued' AND attempts = 0 AND due_epoch > :now;

-- name: pending
SELECT * FROM outbox WHERE status = 'queued' ORDER BY due_epoch, id;

-- name: waits
SELECT 1 FROM outbox
WHERE kind = :kind AND status = 'queued' AND due_epoch <= :now
    AND (claimed_until_epoch IS NULL OR claimed_until_epoch <= :now)
LIMIT 1;

-- name: claim
-- A row waits for the earlier ones of its recipient, unless those are for a later time. The conditions that stand
-- outside of the selection too are checked again where two workers meet at one row.
UPDATE outbox SET claimed_by = :worker, claimed_until_epoch = :until, attempts = attempts + 1
WHERE status = 'queued' AND (claimed_until_epoch IS NULL OR claimed_until_epoch <= :now) AND id IN (
    SELECT waiting.id FROM outbox AS waiting
    WHERE waiting.kind = :kind AND waiting.status = 'queued' AND waiting.due_epoch <= :now
        AND (waiting.claimed_until_epoch IS NULL OR waiting.claimed_until_epoch <= :now)
        AND NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.kind = waiting.kind AND lower(earlier.recipient) = lower(waiting.recipient)
                AND earlier.id < waiting.id AND earlier.status = 'queued'
                AND (earlier.due_epoch <= :now OR earlier.attempts > 0))
    ORDER BY waiting.due_epoch, waiting.id LIMIT :limit)
RETURNING *;

-- name: renew
UPDATE outbox SET claimed_until_epoch = :until WHERE claimed_by = :worker AND status = 'queued';

-- name: held
SELECT 1 FROM outbox WHERE id = :id AND claimed_by = :worker AND status = 'queued' AND claimed_until_epoch > :now;

-- name: release
UPDATE outbox SET claimed_by = NULL, claimed_until_epoch = NULL, attempts = attempts - 1
WHERE id = :id AND claimed_by = :worker AND status = 'queued';

-- name: sent
UPDATE outbox SET status = 'sent', sent_epoch = :now, last_error = :note, claimed_by = NULL, claimed_until_epoch = NULL
WHERE id = :id AND status = 'queued';

-- name: delay
UPDATE outbox SET due_epoch = :due_epoch, last_error = :error, claimed_by = NULL, claimed_until_epoch = NULL
WHERE id = :id AND claimed_by = :worker AND status = 'queued';

-- name: give_up
UPDATE outbox SET status = 'failed', last_error = :error, claimed_by = NULL, claimed_until_epoch = NULL
WHERE id = :id AND claimed_by = :worker AND status = 'queued';

-- name: returned
UPDATE outbox SET status = 'failed', last_error = :error WHERE delivery_key = :delivery_key AND status = 'sent'
RETURNING *;

-- name: retry
-- And what a clock that was ahead has queued for a time to come.
UPDATE outbox SET status = 'queued', due_epoch = :now, attempts = 0, claimed_by = NULL, claimed_until_epoch = NULL,
    created_epoch = CASE WHEN created_epoch > :now THEN :now ELSE created_epoch END
WHERE kind = :kind AND (status = 'failed' OR (status = 'queued' AND created_epoch > :now))
    AND (CAST(:id AS BIGINT) IS NULL OR id = :id);

-- name: hasten
-- A row that waits for a later attempt, and the earlier ones of its recipient, which it has to let go first.
UPDATE outbox SET due_epoch = CASE WHEN due_epoch > :now THEN :now ELSE due_epoch END
WHERE kind = :kind AND status = 'queued' AND (id = :id OR (id < :id AND attempts > 0
    AND lower(recipient) = (SELECT lower(this.recipient) FROM outbox AS this WHERE this.id = :id)));

-- name: replay
UPDATE outbox SET status = 'queued', due_epoch = :now, attempts = 0, sent_epoch = NULL
WHERE kind = :kind AND status <> 'queued' AND id = :id;

-- name: list
SELECT * FROM outbox
WHERE kind = :kind AND (CAST(:status AS TEXT) IS NULL OR status = :status)
ORDER BY id;

-- name: known
SELECT 1 FROM outbox WHERE delivery_key = :delivery_key;

-- name: get
SELECT * FROM outbox WHERE id = :id;

-- name: told
SELECT 1 FROM outbox
WHERE reservation_id = :reservation_id AND kind = :kind AND lower(recipient) = lower(:recipient)
LIMIT 1;

-- name: forget
DELETE FROM outbox WHERE reservation_id = :reservation_id AND kind = :kind AND status = 'queued';

-- name: later
SELECT later.* FROM outbox AS this JOIN outbox AS later
    ON later.reservation_id = this.reservation_id AND later.kind = this.kind
    AND lower(later.recipient) = lower(this.recipient) AND later.id > this.id AND later.status = 'queued'
WHERE this.id = :id
ORDER BY later.id;
