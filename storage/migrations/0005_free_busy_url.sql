-- Whether anybody who knows the e-mail address may read when the principal is busy.
ALTER TABLE principal ADD COLUMN free_busy_url INTEGER NOT NULL DEFAULT 0 CHECK (free_busy_url IN (0, 1));
