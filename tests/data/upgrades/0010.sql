-- A password for a program.
INSERT INTO token (principal_id, name, token_hash, scope, created_epoch, expires_epoch, used_epoch)
    VALUES (1, 'phone', 'token-hash', 'read', 1700000000, 1900000000, 1700000001);
