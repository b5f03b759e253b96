-- name: get
SELECT * FROM collection WHERE path = :path;

-- name: by_id
SELECT * FROM collection WHERE id = :id;

-- name: children
SELECT * FROM collection WHERE parent_id = :parent_id ORDER BY path;

-- name: of_principal
SELECT * FROM collection WHERE principal_id = :principal_id AND tag IN ('VCALENDAR', 'VADDRESSBOOK', 'VSUBSCRIBED') ORDER BY path;

-- name: by_role
SELECT * FROM collection WHERE principal_id = :principal_id AND role = :role;

-- name: add
INSERT INTO collection (parent_id, principal_id, path, tag, role, transparent, props, incarnation, modified_epoch)
VALUES (:parent_id, :principal_id, :path, :tag, :role, :transparent, :props, :incarnation, :now)
RETURNING id;

-- name: set_props
UPDATE collection
SET tag = :tag, transparent = :transparent, props = :props, sequence = sequence + 1, modified_epoch = :now
WHERE id = :id;

-- name: claim_principal
UPDATE collection SET principal_id = :principal_id WHERE path = :path OR path > :below AND path < :above;

-- name: set_path
UPDATE collection
SET parent_id = :parent_id, path = :path, sequence = sequence + 1, modified_epoch = :now
WHERE id = :id;

-- name: touch
UPDATE collection SET sequence = sequence + 1, modified_epoch = :now WHERE id = :id RETURNING sequence AS id;

-- name: remove
DELETE FROM collection WHERE id = :id;

-- name: all
SELECT * FROM collection WHERE path <> '' AND tag <> 'SCHEDULE-INBOX' ORDER BY path;

-- name: clear_default
UPDATE collection SET role = NULL WHERE principal_id = :principal_id AND role = 'default';

-- name: set_default
UPDATE collection SET role = 'default' WHERE id = :id;
