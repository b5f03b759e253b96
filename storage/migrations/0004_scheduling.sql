-- What is answered to an invitation of a principal; a host is booked without being asked.
ALTER TABLE principal ADD COLUMN auto_schedule TEXT NOT NULL DEFAULT 'none' CHECK (auto_schedule IN
    ('none', 'accept-always', 'decline-always', 'accept-if-free', 'decline-if-busy', 'automatic'));
UPDATE principal SET auto_schedule = 'automatic' WHERE host = 1;
