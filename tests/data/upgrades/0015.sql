-- Who booked by an event of their own.
UPDATE reservation SET invited = '{"uid": "u1", "attendee": "anna+talk@example.org", "start": "2030-01-08T09:00:00+00:00", "sequence": 0, "instance": null}' WHERE uid = 'waits';
UPDATE seat SET invited = '{"uid": "u2", "attendee": "anna+talk@example.org", "start": "2030-01-08T09:00:00+00:00", "sequence": 0, "instance": null}';
