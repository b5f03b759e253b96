-- name: get
SELECT * FROM item WHERE collection_id = :collection_id AND href = :href;

-- name: all
SELECT * FROM item WHERE collection_id = :collection_id ORDER BY href;

-- name: by_uid
SELECT * FROM item WHERE collection_id = :collection_id AND uid = :uid;

-- name: of_principal_by_uid
SELECT item.* FROM collection JOIN item ON item.collection_id = collection.id
WHERE collection.principal_id = :principal_id AND collection.tag IN ('VCALENDAR', 'VADDRESSBOOK', 'VSUBSCRIBED')
    AND item.uid = :uid
ORDER BY collection.path LIMIT 1;

-- name: written_since
-- Of each calendar only its latest changes are looked at.
SELECT item.* FROM collection JOIN item ON item.collection_id = collection.id
WHERE collection.principal_id = :principal_id AND collection.tag = 'VCALENDAR'
    AND coalesce(collection.role, '') <> 'bookable' AND item.sequence > collection.sequence - 50
    AND item.component = 'VEVENT' AND item.modified_epoch >= :since
ORDER BY item.sequence;

-- name: has_uid
SELECT 1 FROM item WHERE collection_id = :collection_id AND uid = :uid LIMIT 1;

-- name: get_many
SELECT item.* FROM json_each(:hrefs) AS wanted CROSS JOIN item
WHERE item.collection_id = :collection_id AND item.href = wanted.value;

-- name: put
INSERT INTO item (collection_id, href, uid, etag, name, component, text, size_octets, first_epoch, last_epoch,
    expanded_from_epoch, expanded_until_epoch, unreadable, schedule_tag, sequence, modified_epoch, revision,
    renewal_epoch)
VALUES (:collection_id, :href, :uid, :etag, :name, :component, :text, :size_octets, :first_epoch, :last_epoch,
    :expanded_from_epoch, :expanded_until_epoch, :unreadable, :schedule_tag, :sequence, :modified_epoch,
    :revision, :renewal_epoch)
ON CONFLICT (collection_id, href) DO UPDATE SET uid = excluded.uid, etag = excluded.etag, name = excluded.name,
    component = excluded.component, text = excluded.text, size_octets = excluded.size_octets,
    first_epoch = excluded.first_epoch, last_epoch = excluded.last_epoch,
    expanded_from_epoch = excluded.expanded_from_epoch, expanded_until_epoch = excluded.expanded_until_epoch,
    unreadable = excluded.unreadable, schedule_tag = excluded.schedule_tag, sequence = excluded.sequence,
    modified_epoch = excluded.modified_epoch, revision = excluded.revision,
    renewal_epoch = excluded.renewal_epoch
RETURNING id;

-- name: renew
UPDATE item SET etag = :etag, revision = :revision, sequence = :sequence, modified_epoch = :now,
    renewal_epoch = NULL
WHERE id = :id;

-- name: due_for_renewal
SELECT * FROM item WHERE renewal_epoch <= :now LIMIT :most;

-- name: instances
SELECT item_id, collection_id, start_epoch, end_epoch, span_class, busy_type, cancelled, all_day, moment, summary,
    categories, zone
FROM instance WHERE item_id = :item_id;

-- name: clear_instances
DELETE FROM instance WHERE item_id = :item_id;

-- name: add_instance
INSERT INTO instance (item_id, collection_id, start_epoch, end_epoch, span_class, busy_type, cancelled, all_day, moment,
    summary, categories, zone)
VALUES (:item_id, :collection_id, :start_epoch, :end_epoch, :span_class, :busy_type, :cancelled, :all_day, :moment,
    :summary, :categories, :zone);

-- name: clear_tombstone
DELETE FROM tombstone WHERE collection_id = :collection_id AND href = :href;

-- name: delete
DELETE FROM item WHERE collection_id = :collection_id AND href = :href;

-- name: add_tombstone
INSERT INTO tombstone (collection_id, href, sequence, modified_epoch)
VALUES (:collection_id, :href, :sequence, :now)
ON CONFLICT (collection_id, href) DO UPDATE SET sequence = excluded.sequence, modified_epoch = excluded.modified_epoch;

-- name: changes
SELECT href FROM item WHERE collection_id = :collection_id AND sequence > :since
UNION ALL
SELECT href FROM tombstone WHERE collection_id = :collection_id AND sequence > :since;

-- name: changes_in_order
-- Of what was removed before an initial sync began, it does not tell.
SELECT href, sequence FROM item WHERE collection_id = :collection_id AND sequence > :since
UNION ALL
SELECT href, sequence FROM tombstone
WHERE collection_id = :collection_id AND sequence > :since AND sequence > :began
ORDER BY sequence LIMIT :most;

-- name: hrefs
SELECT href FROM item WHERE collection_id = :collection_id;

-- name: in_range
SELECT item.*, 1 AS matched FROM item
WHERE item.collection_id = :collection_id AND item.component = :component AND item.id IN (
    SELECT item_id FROM instance WHERE collection_id = :collection_id AND span_class = 0
        AND start_epoch > :range_start - 86400 - 1 AND start_epoch < :range_end
        AND (end_epoch > :range_start OR (moment = 1 AND start_epoch >= :range_start))
    UNION ALL
    SELECT item_id FROM instance WHERE collection_id = :collection_id AND span_class = 1
        AND start_epoch > :range_start - 2764800 AND start_epoch < :range_end AND end_epoch > :range_start
    UNION ALL
    SELECT item_id FROM instance WHERE collection_id = :collection_id AND span_class = 2
        AND start_epoch < :range_end AND end_epoch > :range_start)
UNION ALL
SELECT item.*, 0 AS matched FROM item
WHERE item.collection_id = :collection_id AND item.component = :component
    AND item.expanded_until_epoch IS NOT NULL AND item.first_epoch < :range_end AND item.last_epoch > :range_start
    AND (:range_start < item.expanded_from_epoch OR :range_end > item.expanded_until_epoch)
UNION ALL
SELECT item.*, 0 AS matched FROM item
WHERE item.collection_id = :collection_id AND item.component = :component AND item.unreadable IS NOT NULL;

-- name: count
SELECT count(*) FROM item;

-- name: behind
SELECT item.id, item.collection_id, item.text, collection.principal_id
FROM item JOIN collection ON collection.id = item.collection_id
WHERE item.expanded_until_epoch < :until_epoch
LIMIT :most;

-- name: set_expansion
-- Of a text that is still what was expanded.
UPDATE item SET first_epoch = :first_epoch, last_epoch = :last_epoch, expanded_from_epoch = :expanded_from_epoch,
    expanded_until_epoch = :expanded_until_epoch, unreadable = :unreadable
WHERE id = :id AND text = :text;
