-- PostgreSQL's own words for the elements of a JSON array.

-- name: some
SELECT item.href, item.etag, item.name, item.component, item.size_octets, item.modified_epoch, item.schedule_tag,
    item.text
FROM json_array_elements_text(CAST(:hrefs AS JSON)) AS wanted (value) CROSS JOIN item
WHERE item.collection_id = :collection_id AND item.href = wanted.value;
