-- The words for the elements of a JSON array are PostgreSQL's own; it plans otherwise than SQLite.

-- name: get_many
SELECT item.* FROM json_array_elements_text(CAST(:hrefs AS JSON)) AS wanted (value) CROSS JOIN item
WHERE item.collection_id = :collection_id AND item.href = wanted.value;

-- name: in_range
-- By the occurrences found, each item once: PostgreSQL believes that a calendar is as large as most are, and would look
-- for the occurrences again for each item of a larger one.
WITH found (id) AS MATERIALIZED (
    SELECT item_id FROM instance WHERE collection_id = :collection_id AND span_class = 0
        AND start_epoch > :range_start - 86400 - 1 AND start_epoch < :range_end
        AND (end_epoch > :range_start OR (moment = 1 AND start_epoch >= :range_start))
    UNION
    SELECT item_id FROM instance WHERE collection_id = :collection_id AND span_class = 1
        AND start_epoch > :range_start - 2764800 AND start_epoch < :range_end AND end_epoch > :range_start
    UNION
    SELECT item_id FROM instance WHERE collection_id = :collection_id AND span_class = 2
        AND start_epoch < :range_end AND end_epoch > :range_start)
SELECT item.*, 1 AS matched FROM found JOIN item ON item.id = found.id
WHERE item.component = :component
UNION ALL
SELECT item.*, 0 AS matched FROM item
WHERE item.collection_id = :collection_id AND item.component = :component
    AND item.expanded_until_epoch IS NOT NULL AND item.first_epoch < :range_end AND item.last_epoch > :range_start
    AND (:range_start < item.expanded_from_epoch OR :range_end > item.expanded_until_epoch)
UNION ALL
SELECT item.*, 0 AS matched FROM item
WHERE item.collection_id = :collection_id AND item.component = :component AND item.unreadable IS NOT NULL;
