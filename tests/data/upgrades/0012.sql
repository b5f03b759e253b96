-- How much room such a mail takes.
UPDATE inbound SET octets = 1 WHERE message_id = '<1@x>';
