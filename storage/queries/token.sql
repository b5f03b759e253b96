-- name: add
INSERT INTO token (principal_id, name, token_hash, scope, created_epoch, expires_epoch)
VALUES (:principal_id, :name, :token_hash, :scope, :now, :expires_epoch)
RETURNING id;

-- name: by_hash
SELECT token.*, principal.name AS user_name FROM token JOIN principal ON principal.id = token.principal_id
WHERE token.token_hash = :token_hash AND (token.expires_epoch IS NULL OR token.expires_epoch > :now);

-- name: list
SELECT token.*, principal.name AS user_name FROM token JOIN principal ON principal.id = token.principal_id
WHERE CAST(:user AS TEXT) IS NULL OR principal.name = :user ORDER BY token.id;

-- name: used
UPDATE token SET used_epoch = :now WHERE id = :id;

-- name: remove
DELETE FROM token WHERE id = :id;
