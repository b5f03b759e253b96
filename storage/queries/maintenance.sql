-- What is removed when its time is over, some rows at a time, and what is known of a person.

-- name: forget_mail
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE status = 'sent' AND sent_epoch < :before ORDER BY id LIMIT :most);

-- name: forget_audit
-- The oldest are the first: where they are too young, no other is looked at.
DELETE FROM audit WHERE id IN (
    SELECT id FROM (SELECT id, at_epoch FROM audit ORDER BY id LIMIT :most) AS oldest WHERE at_epoch < :before);

-- name: raise_oldest
-- Tokens from before a removal that is forgotten must not be answered as if there had been none.
UPDATE collection SET oldest_sequence = (
    SELECT max(tombstone.sequence) FROM tombstone
    WHERE tombstone.collection_id = collection.id AND tombstone.modified_epoch < :before)
WHERE id IN (SELECT collection_id FROM tombstone WHERE modified_epoch < :before);

-- name: forget_tombstones
DELETE FROM tombstone WHERE modified_epoch < :before AND sequence <= (
    SELECT oldest_sequence FROM collection WHERE collection.id = tombstone.collection_id);

-- name: past_reservations
-- What was booked together has one calendar object, and is over together.
SELECT uid FROM reservation
WHERE event_type_id = :event_type_id AND end_epoch < :before AND invitee_email NOT LIKE '%@erased.invalid'
    AND NOT EXISTS (SELECT 1 FROM reservation AS other
        WHERE other.series = reservation.series AND other.end_epoch >= :before)
ORDER BY end_epoch LIMIT :most;

-- name: last_run
SELECT at_epoch FROM audit WHERE subject = 'maintenance' AND action = 'maintain' ORDER BY id DESC LIMIT 1;

-- name: reservations_of
SELECT id, uid FROM reservation WHERE lower(invitee_email) = lower(:email) ORDER BY id;

-- name: reservations_with_guest
SELECT id, uid, guests FROM reservation WHERE lower(guests) LIKE :pattern ESCAPE '\' ORDER BY id;

-- name: seats_of
SELECT seat.id, seat.uid, seat.reservation_id, reservation.uid AS reservation_uid
FROM seat JOIN reservation ON reservation.id = seat.reservation_id
WHERE lower(seat.email) = lower(:email) ORDER BY seat.id;

-- name: seats_in
SELECT id FROM seat WHERE reservation_id = :reservation_id ORDER BY id;

-- name: mail_to
SELECT id, kind, status, created_epoch, sent_epoch, payload FROM outbox WHERE lower(recipient) = lower(:email)
ORDER BY id;

-- name: audit_about
SELECT id, at_epoch, actor, action, subject, detail FROM audit
WHERE lower(detail) LIKE :pattern ESCAPE '\' OR lower(subject) LIKE :pattern ESCAPE '\' ORDER BY id;

-- name: items_about
SELECT item.id, item.collection_id, item.href, collection.path, item.uid, item.name, item.component, item.text
FROM item JOIN collection ON collection.id = item.collection_id
WHERE lower(item.text) LIKE :pattern ESCAPE '\' ORDER BY item.id;

-- name: erase_reservation
UPDATE reservation SET invitee_name = 'erased', invitee_email = 'reservation-' || id || '@erased.invalid', note = '',
    answers = '{}', guests = '[]', reason = '', location = '', idempotency_key = NULL, invited = NULL
WHERE id = :id;

-- name: set_guests
UPDATE reservation SET guests = :guests WHERE id = :id;

-- name: erase_seat
UPDATE seat SET name = 'erased', email = 'seat-' || id || '@erased.invalid', note = '', answers = '{}',
    idempotency_key = NULL, invited = NULL
WHERE id = :id;

-- name: erase_mail_to
DELETE FROM outbox WHERE lower(recipient) = lower(:email);

-- name: erase_mail_about
DELETE FROM outbox WHERE reservation_id = :reservation_id AND status <> 'queued';

-- name: set_audit
UPDATE audit SET subject = :subject, detail = :detail WHERE id = :id;
