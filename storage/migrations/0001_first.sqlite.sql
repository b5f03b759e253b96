-- Two live occupancies of one principal never overlap.
CREATE TRIGGER occupancy_overlap_insert BEFORE INSERT ON occupancy WHEN NEW.live = 1
BEGIN
    SELECT RAISE(ABORT, 'occupancy_overlap') WHERE EXISTS (
        SELECT 1 FROM occupancy AS other
        WHERE other.principal_id = NEW.principal_id AND other.live = 1
          AND other.start_epoch < NEW.end_epoch AND other.start_epoch > NEW.start_epoch - 604800
          AND NEW.start_epoch < other.end_epoch);
END;
CREATE TRIGGER occupancy_overlap_update BEFORE UPDATE ON occupancy WHEN NEW.live = 1
BEGIN
    SELECT RAISE(ABORT, 'occupancy_overlap') WHERE EXISTS (
        SELECT 1 FROM occupancy AS other
        WHERE other.principal_id = NEW.principal_id AND other.live = 1 AND other.id <> NEW.id
          AND other.start_epoch < NEW.end_epoch AND other.start_epoch > NEW.start_epoch - 604800
          AND NEW.start_epoch < other.end_epoch);
END;
