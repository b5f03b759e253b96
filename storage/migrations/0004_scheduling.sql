-- Invitations: what is answered at once, and items that get another ETag when their time comes.

ALTER TABLE principal ADD COLUMN auto_schedule TEXT NOT NULL DEFAULT 'none' CHECK (auto_schedule IN
    ('none', 'accept-always', 'decline-always', 'accept-if-free', 'decline-if-busy', 'automatic'));
UPDATE principal SET auto_schedule = 'automatic' WHERE host = 1;

ALTER TABLE item ADD COLUMN renewal_epoch BIGINT;
CREATE INDEX item_renewal ON item (renewal_epoch) WHERE renewal_epoch IS NOT NULL;
