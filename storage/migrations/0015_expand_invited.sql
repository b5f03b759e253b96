-- The event in the invitee's own calendar by which was booked, as JSON; NULL where there is none.
ALTER TABLE reservation ADD COLUMN invited TEXT;
ALTER TABLE seat ADD COLUMN invited TEXT;
