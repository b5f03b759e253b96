-- Language, agenda and webhooks.
UPDATE principal SET language = 'de', agenda = '07:30' WHERE name = 'anna';
INSERT INTO webhook (principal_id, url, secret, events, created_epoch)
    VALUES (1, 'https://hooks.example.org/', 'whsec', '["booking.created"]', 1700000000);
INSERT INTO webhook_attempt (outbox_id, at_epoch, answer, error, milliseconds) VALUES (1, 1700000000, 500, 'oops', 12);
