-- A mail that nobody could read.
INSERT INTO inbound (message_id, recipient, sender, status, reason, content, received_epoch)
    VALUES ('<1@x>', 'anna+talk@example.org', 'x@example.org', 'quarantined', 'unreadable', 'eA==', 1700000000);
