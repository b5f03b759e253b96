-- name: member
SELECT item.etag, item.name, item.text, item.modified_epoch, item.schedule_tag
FROM collection JOIN item ON item.collection_id = collection.id
WHERE collection.path = :path AND item.href = :href;

-- name: members
SELECT href, etag, name, component, size_octets, modified_epoch, schedule_tag FROM item
WHERE collection_id = :collection_id;

-- name: members_with_text
SELECT href, etag, name, component, size_octets, modified_epoch, schedule_tag, text FROM item
WHERE collection_id = :collection_id;

-- name: some
SELECT item.href, item.etag, item.name, item.component, item.size_octets, item.modified_epoch, item.schedule_tag,
    item.text
FROM json_each(:hrefs) AS wanted CROSS JOIN item
WHERE item.collection_id = :collection_id AND item.href = wanted.value;

-- name: of_component
SELECT href, etag, name, component, size_octets, modified_epoch, schedule_tag, text FROM item
WHERE collection_id = :collection_id AND component = :component;

-- name: undecided
SELECT 1 FROM item WHERE collection_id = :collection_id AND expanded_until_epoch IS NOT NULL
    AND first_epoch < :range_end AND last_epoch > :range_start
    AND (:range_start < expanded_from_epoch OR :range_end > expanded_until_epoch)
LIMIT 1;

-- name: unreadable
SELECT first_epoch, last_epoch FROM item WHERE collection_id = :collection_id AND unreadable IS NOT NULL
    AND first_epoch < :range_end AND last_epoch > :range_start;

-- name: busy
WITH reach (span_class, seconds) AS (VALUES (0, 86401), (1, 2764801), (2, 1099511627776))
SELECT instance.busy_type, instance.start_epoch, instance.end_epoch
FROM reach JOIN instance ON instance.span_class = reach.span_class
    AND instance.start_epoch > :range_start - reach.seconds
WHERE instance.collection_id = :collection_id AND start_epoch < :range_end AND end_epoch > :range_start AND start_epoch < end_epoch
    AND cancelled = 0 AND busy_type <> 'FREE';
