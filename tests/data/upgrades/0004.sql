-- Somebody answers by hand; an item that is to be renewed.
UPDATE principal SET auto_schedule = 'accept-if-free' WHERE name = 'bob';
UPDATE item SET renewal_epoch = 1900000000 WHERE uid = 'r';
