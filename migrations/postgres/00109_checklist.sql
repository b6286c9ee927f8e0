-- +goose Up

-- Whether an admin has chosen who can register, and whether the list of steps for a new owner was dismissed. A community
-- that has people already is not new.
ALTER TABLE community ADD COLUMN registration_chosen BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE community ADD COLUMN checklist_dismissed BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE community SET checklist_dismissed = TRUE WHERE (SELECT COUNT(*) FROM users WHERE name <> '' AND owner_id = 0) > 1;
