-- name: add
INSERT INTO inbound (message_id, recipient, sender, status, reason, content, octets, received_epoch)
VALUES (:message_id, :recipient, :sender, :status, :reason, :content, :octets, :now)
ON CONFLICT (message_id, recipient) DO UPDATE SET status = excluded.status, reason = excluded.reason,
    content = excluded.content, octets = excluded.octets
RETURNING id;

-- name: known
SELECT id FROM inbound WHERE message_id = :message_id AND recipient = :recipient AND status <> 'quarantined';

-- name: get
SELECT * FROM inbound WHERE id = :id;

-- name: quarantined
SELECT * FROM inbound WHERE status = 'quarantined' ORDER BY id;

-- name: drop
DELETE FROM inbound WHERE id = :id AND status = 'quarantined';

-- name: trim
-- The newest stay in quarantine, as many as number and size allow, and the very newest in any case.
DELETE FROM inbound WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER newest AS number, sum(octets) OVER newest AS octets
        FROM inbound WHERE status = 'quarantined' WINDOW newest AS (ORDER BY id DESC)) AS counted
    WHERE number > :most OR (number > 1 AND octets > :most_octets))
RETURNING id, message_id, recipient, sender, status, reason, '' AS content, received_epoch;

-- name: answered
SELECT count(*) AS number FROM inbound WHERE sender = :sender AND status = 'done' AND received_epoch > :since;

-- name: forget
DELETE FROM inbound WHERE id IN (
    SELECT id FROM inbound WHERE received_epoch < :before ORDER BY received_epoch LIMIT :most);

-- name: erase
DELETE FROM inbound WHERE sender = lower(:email);

-- name: of_sender
SELECT * FROM inbound WHERE sender = lower(:email) ORDER BY id;
