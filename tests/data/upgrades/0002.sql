-- Rules, teams, private links, a series; what schema 2 brought.
UPDATE principal SET holidays = 'DE', availability = 'BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
END:VCALENDAR
' WHERE name = 'bob';
UPDATE item SET revision = 2 WHERE uid = 'r';
UPDATE instance SET zone = 'Europe/Berlin' WHERE item_id = 1;
UPDATE reservation SET answers = '{"about": "x"}', guests = '["guest@example.org"]', series = 'series-1',
    recurrence_epoch = start_epoch, location = 'Room 4' WHERE uid = 'waits';
UPDATE seat SET uid = 'seat-1', language = 'it', note = 'Window', answers = '{"a": "b"}', idempotency_key = 'seat-key';
INSERT INTO event_type_host (event_type_id, principal_id, position) VALUES (2, 1, 0), (2, 2, 1);
INSERT INTO booking_link (event_type_id, token_hash, single_use, used_epoch, expires_epoch, created_epoch)
    VALUES (1, 'hash', 1, 1700000000, 1900000000, 1700000000);
INSERT INTO window_problem (item_id, line, reason, remedy) VALUES (1, 'seats: many', 'is no number', 'write 8');
