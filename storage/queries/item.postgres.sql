-- PostgreSQL's own words for the elements of a JSON array.

-- name: get_many
SELECT item.* FROM json_array_elements_text(CAST(:hrefs AS JSON)) AS wanted (value) CROSS JOIN item
WHERE item.collection_id = :collection_id AND item.href = wanted.value;
