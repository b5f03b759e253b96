-- name: overlapping_occupancies
SELECT one.principal_id, one.id, other.id
FROM occupancy AS one
JOIN occupancy AS other ON other.principal_id = one.principal_id AND other.id > one.id
    AND other.start_epoch < one.end_epoch AND other.start_epoch > one.start_epoch - 604800
    AND one.start_epoch < other.end_epoch
WHERE one.live = 1 AND other.live = 1;
