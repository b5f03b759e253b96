-- A mail that a worker holds.
UPDATE outbox SET claimed_until_epoch = 1700000060, claimed_by = 'worker', last_error = 'put off', sent_epoch = 1700000001;
