-- PostgreSQL's own words for the elements of a JSON array.

-- name: any_blocked
SELECT blocked.id FROM json_array_elements_text(CAST(:patterns AS JSON)) AS wanted (value)
JOIN blocked ON blocked.pattern = wanted.value LIMIT 1;
