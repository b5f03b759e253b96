-- Everybody may read when Anna is busy.
UPDATE principal SET free_busy_url = 1 WHERE name = 'anna';
