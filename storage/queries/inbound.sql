-- name: add
INSERT INTO inbound (message_id, recipient, sender, status, reason, content, received_epoch)
VALUES (:message_id, :recipient, :sender, :status, :reason, :content, :now)
ON CONFLICT (message_id, recipient) DO UPDATE SET status = excluded.status, reason = excluded.reason,
    content = excluded.content
RETURNING id;

-- name: known
SELECT id FROM inbound WHERE message_id = :message_id AND recipient = :recipient AND status <> 'quarantined';

-- name: get
SELECT * FROM inbound WHERE id = :id;

-- name: quarantined
SELECT * FROM inbound WHERE status = 'quarantined' ORDER BY id;

-- name: drop
DELETE FROM inbound WHERE id = :id AND status = 'quarantined';

-- name: answered
SELECT count(*) AS number FROM inbound WHERE sender = :sender AND status = 'done' AND received_epoch > :since;

-- name: forget
DELETE FROM inbound WHERE id IN (
    SELECT id FROM inbound WHERE received_epoch < :before ORDER BY received_epoch LIMIT :most);

-- name: erase
DELETE FROM inbound WHERE sender = lower(:email);

-- name: of_sender
SELECT * FROM inbound WHERE sender = lower(:email) ORDER BY id;
