-- What a program of schema 1 has written: two hosts, calendars, windows, a booking that waits and one that is over.
INSERT INTO principal (name, email, display_name, description, timezone, host, created_epoch) VALUES
    ('anna', 'anna@example.org', 'Anna', 'Advice', 'Europe/Berlin', 1, 1700000000),
    ('bob', 'bob@example.org', 'Bob', '', 'UTC', 1, 1700000000);
INSERT INTO collection (parent_id, principal_id, path, tag, role, transparent, props, incarnation, sequence, oldest_sequence, modified_epoch) VALUES
    (1, 1, 'anna', '', NULL, 0, '{}', 'i1', 0, 0, 1700000000),
    (2, 1, 'anna/bookable', 'VCALENDAR', 'bookable', 1, '{"tag": "VCALENDAR", "D:displayname": "Bookable hours"}', 'i2', 1, 0, 1700000000),
    (2, 1, 'anna/calendar', 'VCALENDAR', 'default', 0, '{"tag": "VCALENDAR"}', 'i3', 4, 1, 1700000000),
    (1, 2, 'bob', '', NULL, 0, '{}', 'i4', 0, 0, 1700000000),
    (5, 2, 'bob/calendar', 'VCALENDAR', 'default', 0, '{"tag": "VCALENDAR"}', 'i5', 0, 0, 1700000000);
INSERT INTO item (collection_id, href, uid, etag, name, component, text, size_octets, first_epoch, last_epoch, expanded_from_epoch, expanded_until_epoch, unreadable, schedule_tag, sequence, modified_epoch) VALUES
    (3, 'w.ics', 'w', 'e1', 'VCALENDAR', 'VEVENT', 'BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:w
DTSTAMP:20260101T000000Z
DTSTART:20300108T090000Z
DTEND:20300108T120000Z
SUMMARY:Bookable
END:VEVENT
END:VCALENDAR
', 180, 1894093200, 1894104000, NULL, NULL, NULL, NULL, 1, 1700000000),
    (4, 'r.ics', 'r', 'e2', 'VCALENDAR', 'VEVENT', 'BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:r
DTSTAMP:20260101T000000Z
DTSTART:20200101T090000Z
DTEND:20200101T100000Z
RRULE:FREQ=DAILY
SUMMARY:Stand-up
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
', 200, 1577869200, 9000000000, 1577869200, 1990000000, NULL, 'tag', 4, 1700000000),
    (6, 'x.ics', 'x', 'e3', 'VCALENDAR', 'VEVENT', 'BEGIN:VCALENDAR
END:VCALENDAR
', 34, 1577869200, 1577872800, NULL, NULL, 'a reason', NULL, 1, 1700000000);
INSERT INTO tombstone (collection_id, href, sequence, modified_epoch) VALUES (4, 'gone.ics', 2, 1700000000);
INSERT INTO instance (item_id, collection_id, start_epoch, end_epoch, span_class, busy_type, cancelled, all_day, moment, summary, categories) VALUES
    (1, 3, 1894093200, 1894104000, 0, 'BUSY', 0, 0, 0, 'Bookable', ''),
    (2, 4, 1577869200, 1577872800, 1, 'FREE', 1, 1, 1, 'Stand-up', 'Work');
INSERT INTO event_type (principal_id, slug, title, description, duration_minutes, step_minutes, buffer_before_minutes, buffer_after_minutes, notice_minutes, horizon_days, limit_per_day, limit_per_week, limit_per_month, seats, confirmation, location, hidden, origin) VALUES
    (1, 'talk', 'Talk', 'A talk', 30, 15, 5, 10, 60, 730, 9, 20, 50, 1, 1, 'Room 4', 0, 'command'),
    (1, 'gone', 'Gone', '', 60, NULL, 0, 0, 0, 60, NULL, NULL, NULL, 8, 0, '', 1, 'calendar');
INSERT INTO reservation (principal_id, event_type_id, uid, status, start_epoch, end_epoch, invitee_name, invitee_email, invitee_timezone, language, note, idempotency_key, sequence, reason, created_epoch, modified_epoch, expires_epoch) VALUES
    (1, 1, 'waits', 'pending', 1894093200, 1894095000, 'Charles', 'charles@example.org', 'Europe/Paris', 'fr', 'A note', 'key', 1, '', 1700000000, 1700000000, 1894000000),
    (1, 2, 'over', 'cancelled', 1600000000, 1600003600, 'Zoe', 'zoe@example.org', 'UTC', 'en', '', NULL, 0, 'A cold', 1590000000, 1590000000, NULL);
INSERT INTO occupancy (reservation_id, principal_id, start_epoch, end_epoch, live) VALUES
    (1, 1, 1894092900, 1894095600, 1), (2, 1, 1600000000, 1600003600, 0);
INSERT INTO seat (reservation_id, name, email, timezone, status, created_epoch) VALUES
    (2, 'Zoe', 'zoe@example.org', 'Europe/Rome', 'confirmed', 1590000000);
INSERT INTO outbox (kind, delivery_key, reservation_id, recipient, payload, status, due_epoch, attempts, created_epoch) VALUES
    ('mail', 'k1', 1, 'charles@example.org', '{"event": "request", "uid": "waits", "to": "invitee"}', 'sent', 1700000000, 1, 1700000000);
INSERT INTO audit (at_epoch, actor, action, subject, detail) VALUES (1700000000, 'page', 'request', 'waits', '{"a": 1}');
