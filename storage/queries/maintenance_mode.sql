-- name: get
SELECT mode, message, since_epoch FROM maintenance_mode;

-- name: set
INSERT INTO maintenance_mode (id, mode, message, since_epoch) VALUES (1, :mode, :message, :now)
ON CONFLICT (id) DO UPDATE SET mode = excluded.mode, message = excluded.message;

-- name: clear
DELETE FROM maintenance_mode;
