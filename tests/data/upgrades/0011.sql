-- The site is held still.
INSERT INTO maintenance_mode (id, mode, message, since_epoch) VALUES (1, 'closed', 'We move house', 1700000000);
