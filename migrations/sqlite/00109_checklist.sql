-- +goose Up

-- Whether an admin has chosen who can register, and whether the list of steps for a new owner was dismissed. A community
-- that has people already is not new.
ALTER TABLE community ADD COLUMN registration_chosen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE community ADD COLUMN checklist_dismissed INTEGER NOT NULL DEFAULT 0;
UPDATE community SET checklist_dismissed = 1 WHERE (SELECT COUNT(*) FROM users WHERE name <> '' AND owner_id = 0) > 1;
