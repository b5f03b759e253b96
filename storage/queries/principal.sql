-- name: get
SELECT * FROM principal WHERE name = :name;

-- name: by_id
SELECT * FROM principal WHERE id = :id;

-- name: by_email
-- The index is of those who have an address, which SQLite has to be told.
SELECT * FROM principal WHERE email IS NOT NULL AND lower(email) = lower(:email);

-- name: search
SELECT * FROM principal
WHERE email IS NOT NULL AND (lower(name) LIKE :pattern ESCAPE '\' OR lower(email) LIKE :pattern ESCAPE '\'
    OR lower(display_name) LIKE :pattern ESCAPE '\')
ORDER BY name LIMIT :most;

-- name: all
SELECT * FROM principal ORDER BY name;

-- name: with_agenda
SELECT * FROM principal WHERE agenda <> '' AND email IS NOT NULL ORDER BY name;

-- name: add
INSERT INTO principal (name, email, display_name, description, timezone, host, holidays, availability, auto_schedule,
    free_busy_url, language, agenda, created_epoch)
VALUES (:name, :email, :display_name, :description, :timezone, :host, :holidays, :availability, :auto_schedule,
    :free_busy_url, :language, :agenda, :now)
RETURNING id;

-- name: update
UPDATE principal SET email = :email, display_name = :display_name, description = :description, timezone = :timezone,
    host = :host, holidays = :holidays, availability = :availability, auto_schedule = :auto_schedule,
    free_busy_url = :free_busy_url, language = :language, agenda = :agenda
WHERE name = :name;

-- name: remove
DELETE FROM principal WHERE name = :name;
