-- The titles of the bookable hours are looked up, not gathered from all of their occurrences.
DROP INDEX instance_item;
CREATE INDEX instance_item ON instance (item_id, cancelled, all_day, coalesce(summary, ''));
