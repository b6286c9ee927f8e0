-- +goose Up

-- More roles: owner, moderator and guest in the community, moderator in a room.
ALTER TABLE users DROP CONSTRAINT users_role_check;
ALTER TABLE users ADD CONSTRAINT users_role_check CHECK (role IN ('guest', 'member', 'moderator', 'admin', 'owner'));
ALTER TABLE members DROP CONSTRAINT members_role_check;
ALTER TABLE members ADD CONSTRAINT members_role_check CHECK (role IN ('member', 'moderator', 'owner'));

-- The first admin becomes the owner. A community without an admin gets its first person as owner.
UPDATE users SET role = 'owner' WHERE id = (
  SELECT id FROM users WHERE name <> '' AND owner_id = 0
  ORDER BY CASE WHEN disabled_at = 0 THEN 0 ELSE 1 END, CASE WHEN role = 'admin' THEN 0 ELSE 1 END, id
  LIMIT 1);

-- A community and a room have at most one owner.
CREATE UNIQUE INDEX users_one_owner ON users (role) WHERE role = 'owner';
CREATE UNIQUE INDEX members_one_owner ON members (room_id) WHERE role = 'owner';
