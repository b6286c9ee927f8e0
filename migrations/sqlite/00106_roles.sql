-- +goose Up

-- More roles: owner, moderator and guest in the community, moderator in a room. SQLite cannot change a CHECK of a table,
-- so this changes the stored text of the table, as its documentation describes (ALTER TABLE, section 8).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(sql, 'role IN (''member'', ''admin'')',
  'role IN (''guest'', ''member'', ''moderator'', ''admin'', ''owner'')')
WHERE type = 'table' AND name = 'users';
UPDATE sqlite_schema
SET sql = replace(sql, 'role IN (''member'', ''owner'')', 'role IN (''member'', ''moderator'', ''owner'')')
WHERE type = 'table' AND name = 'members';
PRAGMA writable_schema = RESET;

-- The first admin becomes the owner. A community without an admin gets its first person as owner.
UPDATE users SET role = 'owner' WHERE id = (
  SELECT id FROM users WHERE name <> '' AND owner_id = 0
  ORDER BY CASE WHEN disabled_at = 0 THEN 0 ELSE 1 END, CASE WHEN role = 'admin' THEN 0 ELSE 1 END, id
  LIMIT 1);

-- A community and a room have at most one owner.
CREATE UNIQUE INDEX users_one_owner ON users (role) WHERE role = 'owner';
CREATE UNIQUE INDEX members_one_owner ON members (room_id) WHERE role = 'owner';
