-- name: get
SELECT event_type.*, principal.name AS host FROM event_type JOIN principal ON principal.id = event_type.principal_id
WHERE principal.name = :host AND event_type.slug = :slug;

-- name: by_id
SELECT event_type.*, principal.name AS host FROM event_type JOIN principal ON principal.id = event_type.principal_id
WHERE event_type.id = :id;

-- name: all
SELECT event_type.*, principal.name AS host FROM event_type JOIN principal ON principal.id = event_type.principal_id
WHERE principal.name = :host ORDER BY event_type.duration_minutes, event_type.title;

-- name: of_everybody
SELECT event_type.*, principal.name AS host FROM event_type JOIN principal ON principal.id = event_type.principal_id
ORDER BY event_type.id;

-- name: add
INSERT INTO event_type (principal_id, slug, title, description, duration_minutes, step_minutes,
    buffer_before_minutes, buffer_after_minutes, notice_minutes, horizon_days, limit_per_day, limit_per_week,
    limit_per_month, seats, confirmation, hidden, closed, origin, rules)
SELECT id, :slug, :title, :description, :duration_minutes, :step_minutes, :buffer_before_minutes,
    :buffer_after_minutes, :notice_minutes, :horizon_days, :limit_per_day, :limit_per_week, :limit_per_month, :seats,
    :confirmation, :hidden, :closed, :origin, :rules
FROM principal WHERE name = :host
RETURNING id;

-- name: update
UPDATE event_type SET title = :title, description = :description, duration_minutes = :duration_minutes,
    step_minutes = :step_minutes, buffer_before_minutes = :buffer_before_minutes,
    buffer_after_minutes = :buffer_after_minutes, notice_minutes = :notice_minutes, horizon_days = :horizon_days,
    limit_per_day = :limit_per_day, limit_per_week = :limit_per_week, limit_per_month = :limit_per_month,
    seats = :seats, confirmation = :confirmation, hidden = :hidden, closed = :closed, origin = :origin, rules = :rules
WHERE slug = :slug AND principal_id = (SELECT id FROM principal WHERE name = :host);

-- name: booked
SELECT 1 FROM reservation WHERE event_type_id = :id LIMIT 1;

-- name: remove
DELETE FROM event_type WHERE id = :id;

-- name: hosts
SELECT principal.name FROM event_type_host JOIN principal ON principal.id = event_type_host.principal_id
WHERE event_type_host.event_type_id = :id ORDER BY event_type_host.position;

-- name: clear_hosts
DELETE FROM event_type_host WHERE event_type_id = :id;

-- name: add_host
INSERT INTO event_type_host (event_type_id, principal_id, position)
SELECT :event_type_id, id, :position FROM principal WHERE name = :host AND host = 1;
