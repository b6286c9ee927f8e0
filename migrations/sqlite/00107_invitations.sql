-- +goose Up

-- Links with which people join the community, or its rooms.
CREATE TABLE invitations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  token      TEXT    NOT NULL UNIQUE, -- the end of the link's address
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- who invites
  role       TEXT    NOT NULL,        -- in the community, of those who create an account with it
  max_uses   INTEGER NOT NULL,        -- how many people can use it; 0 for any number
  uses       INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL         -- 0 for never
) STRICT;
CREATE INDEX invitations_user ON invitations (user_id, id);

-- The rooms that people join with an invitation.
CREATE TABLE invitation_rooms (
  invitation_id INTEGER NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
  room_id       INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  PRIMARY KEY (invitation_id, room_id)
) STRICT;
CREATE INDEX invitation_rooms_room ON invitation_rooms (room_id);

-- With which invitation somebody registers; NULL for none.
ALTER TABLE pending_registrations ADD COLUMN invitation_id INTEGER REFERENCES invitations (id) ON DELETE CASCADE;
CREATE INDEX pending_registrations_invitation ON pending_registrations (invitation_id) WHERE invitation_id IS NOT NULL;
