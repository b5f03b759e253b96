-- name: add
INSERT INTO audit (at_epoch, actor, action, subject, detail) VALUES (:now, :actor, :action, :subject, :detail)
RETURNING id;

-- name: of
SELECT * FROM audit WHERE subject = :subject ORDER BY id;
