-- +goose Up

-- When the person's role in the community last changed; 0 if never. Every node reads it to notice changes on others.
ALTER TABLE users ADD COLUMN role_changed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_role_changed ON users (role_changed_at) WHERE role_changed_at > 0;
