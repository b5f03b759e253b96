-- Attempts and who may not book.
INSERT INTO rate (name, until_ms) VALUES ('keyed-hash', 1700000000000);
INSERT INTO blocked (pattern, created_epoch) VALUES ('eve@example.org', 1700000000);
