-- name: add
INSERT INTO audit (at_epoch, actor, action, subject, detail) VALUES (:now, :actor, :action, :subject, :detail);

-- name: of
SELECT * FROM audit WHERE subject = :subject ORDER BY id;

-- name: last_actor
SELECT actor FROM audit WHERE subject = :subject AND action = :action ORDER BY id DESC LIMIT 1;

-- name: newest
SELECT * FROM audit WHERE (CAST(:subject AS TEXT) = '' OR subject = :subject) AND (CAST(:actor AS TEXT) = '' OR actor = :actor)
    AND (CAST(:action AS TEXT) = '' OR action = :action) AND at_epoch >= :since ORDER BY id DESC LIMIT :most;
