-- SQLite's own words for JSON.
UPDATE event_type SET rules = json_object('locations', json_array(json_object('kind', 'in_person', 'value', location)))
WHERE location <> '';
ALTER TABLE event_type DROP COLUMN location;
