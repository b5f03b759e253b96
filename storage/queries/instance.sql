-- reach: how far before a range an occurrence that reaches into it can start, by the class of its length.

-- name: busy
WITH reach (span_class, seconds) AS (VALUES (0, 86401), (1, 2764801), (2, 1099511627776))
SELECT instance.start_epoch, instance.end_epoch, instance.busy_type, item.href, item.uid, collection.path, instance.summary
FROM collection CROSS JOIN reach
    JOIN instance ON instance.collection_id = collection.id AND instance.span_class = reach.span_class
        AND instance.start_epoch > :range_start - reach.seconds
    JOIN item ON item.id = instance.item_id
WHERE collection.principal_id = :principal_id AND collection.tag = 'VCALENDAR' AND collection.transparent = 0
    AND coalesce(collection.role, '') <> 'bookable'
    AND instance.start_epoch < :range_end
    AND instance.end_epoch > :range_start AND instance.start_epoch < instance.end_epoch AND instance.cancelled = 0 AND instance.busy_type <> 'FREE'
ORDER BY instance.start_epoch;

-- name: busy_spans
WITH reach (span_class, seconds) AS (VALUES (0, 86401), (1, 2764801), (2, 1099511627776))
SELECT instance.start_epoch, instance.end_epoch, collection.path
FROM collection CROSS JOIN reach
    JOIN instance ON instance.collection_id = collection.id AND instance.span_class = reach.span_class
        AND instance.start_epoch > :range_start - reach.seconds
WHERE collection.principal_id = :principal_id AND collection.tag = 'VCALENDAR' AND collection.transparent = 0
    AND coalesce(collection.role, '') <> 'bookable'
    AND instance.start_epoch < :range_end
    AND instance.end_epoch > :range_start AND instance.start_epoch < instance.end_epoch
    AND instance.cancelled = 0 AND instance.busy_type <> 'FREE';

-- name: blocking_items
SELECT item.first_epoch AS start_epoch, item.last_epoch AS end_epoch, 'BUSY' AS busy_type, item.href, item.uid, collection.path,
    item.unreadable AS summary
FROM collection JOIN item ON item.collection_id = collection.id
WHERE collection.principal_id = :principal_id AND collection.tag = 'VCALENDAR' AND collection.transparent = 0
    AND coalesce(collection.role, '') <> 'bookable'
    AND item.unreadable IS NOT NULL AND item.first_epoch < :range_end AND item.last_epoch > :range_start
UNION ALL
SELECT item.expanded_until_epoch, item.last_epoch, 'BUSY', item.href, item.uid, collection.path, NULL
FROM collection JOIN item ON item.collection_id = collection.id
WHERE collection.principal_id = :principal_id AND collection.tag = 'VCALENDAR' AND collection.transparent = 0
    AND coalesce(collection.role, '') <> 'bookable'
    AND item.component = 'VEVENT' AND item.unreadable IS NULL
    AND item.expanded_until_epoch < :range_end AND item.last_epoch > :range_start;

-- name: windows
WITH reach (span_class, seconds) AS (VALUES (0, 86401), (1, 2764801), (2, 1099511627776))
SELECT instance.start_epoch, instance.end_epoch, instance.summary, instance.all_day, instance.zone, item.href
FROM collection CROSS JOIN reach
    JOIN instance ON instance.collection_id = collection.id AND instance.span_class = reach.span_class
        AND instance.start_epoch > :range_start - reach.seconds
    JOIN item ON item.id = instance.item_id
WHERE collection.principal_id = :principal_id AND collection.role = 'bookable'
    AND instance.start_epoch < :range_end
    AND instance.end_epoch > :range_start AND instance.start_epoch < instance.end_epoch AND instance.cancelled = 0
ORDER BY instance.start_epoch;

-- name: all_day
WITH reach (span_class, seconds) AS (VALUES (0, 86401), (1, 2764801), (2, 1099511627776))
SELECT instance.start_epoch, instance.end_epoch, instance.busy_type, item.href, item.uid, collection.path, instance.summary,
    instance.categories
FROM collection CROSS JOIN reach
    JOIN instance ON instance.collection_id = collection.id AND instance.span_class = reach.span_class
        AND instance.start_epoch > :range_start - reach.seconds
    JOIN item ON item.id = instance.item_id
WHERE collection.principal_id = :principal_id AND collection.tag = 'VCALENDAR'
    AND instance.start_epoch < :range_end
    AND instance.end_epoch > :range_start AND instance.start_epoch < instance.end_epoch AND instance.cancelled = 0 AND instance.all_day = 1
ORDER BY instance.start_epoch;

-- name: titles
-- Of each item one title after the other: nearly all of its occurrences have the same.
WITH RECURSIVE title (item_id, title) AS (
    SELECT item.id, (
        SELECT min(coalesce(summary, '')) FROM instance
        WHERE item_id = item.id AND cancelled = 0 AND all_day = 0)
    FROM collection JOIN item ON item.collection_id = collection.id
    WHERE collection.principal_id = :principal_id AND collection.role = 'bookable'
    UNION ALL
    SELECT title.item_id, (
        SELECT min(coalesce(summary, '')) FROM instance
        WHERE item_id = title.item_id AND cancelled = 0 AND all_day = 0 AND coalesce(summary, '') > title.title)
    FROM title WHERE title.title IS NOT NULL)
SELECT DISTINCT title FROM title WHERE title IS NOT NULL;

-- name: unreadable
SELECT collection.path, item.href, item.unreadable
FROM collection JOIN item ON item.collection_id = collection.id
WHERE collection.principal_id = :principal_id AND item.unreadable IS NOT NULL ORDER BY collection.path, item.href;
