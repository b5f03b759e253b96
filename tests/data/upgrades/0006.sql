-- A series cut in two.
UPDATE reservation SET object_uid = 'other-object' WHERE uid = 'waits';
