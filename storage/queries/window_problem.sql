-- name: clear
DELETE FROM window_problem WHERE item_id = :item_id;

-- name: add
INSERT INTO window_problem (item_id, line, reason, remedy) VALUES (:item_id, :line, :reason, :remedy);

-- name: of_host
SELECT window_problem.line, window_problem.reason, window_problem.remedy, item.href
FROM window_problem JOIN item ON item.id = window_problem.item_id
JOIN collection ON collection.id = item.collection_id
WHERE collection.principal_id = :principal_id ORDER BY window_problem.id;
