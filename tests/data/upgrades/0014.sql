-- Somebody asks for a time, and for a seat, and has not answered the mail about it.
UPDATE reservation SET unverified = 1 WHERE uid = 'waits';
UPDATE seat SET expires_epoch = 1700000900;
