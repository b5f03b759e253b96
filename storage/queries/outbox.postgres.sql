-- Workers write at the same time here: what one is about to claim, another passes over instead of waiting for it.

-- name: claim
WITH chosen AS MATERIALIZED (
    SELECT waiting.id FROM outbox AS waiting
    WHERE waiting.kind = :kind AND waiting.status = 'queued' AND waiting.due_epoch <= :now
        AND (waiting.claimed_until_epoch IS NULL OR waiting.claimed_until_epoch <= :now)
        AND NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.kind = waiting.kind AND lower(earlier.recipient) = lower(waiting.recipient)
                AND earlier.id < waiting.id AND earlier.status = 'queued'
                AND (earlier.due_epoch <= :now OR earlier.attempts > 0))
    ORDER BY waiting.due_epoch, waiting.id LIMIT :limit
    FOR UPDATE OF waiting SKIP LOCKED)
UPDATE outbox SET claimed_by = :worker, claimed_until_epoch = :until, attempts = attempts + 1
FROM chosen WHERE outbox.id = chosen.id
RETURNING outbox.*;
