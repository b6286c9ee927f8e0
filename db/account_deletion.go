package db

import (
	"context"

	"charla/chat"
)

// NeedsSuccessor reports whether a user is the owner while other people have accounts. Disabled people count as other
// people; bots and deleted accounts do not.
func (r reader) NeedsSuccessor(ctx context.Context, user int64) (owns bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND role = $2)
			AND EXISTS (SELECT 1 FROM users WHERE id <> $1 AND name <> '' AND owner_id = 0)`
	err = r.get(ctx, "check for other people", &owns, query, user, chat.RoleOwner)
	return owns, err
}

// OldestAdmin returns the enabled admin with the lowest id.
func (r reader) OldestAdmin(ctx context.Context) (id int64, err error) {
	const query = `
		SELECT id FROM users WHERE role = $1 AND disabled_at = 0 ORDER BY id LIMIT 1`
	err = r.get(ctx, "find oldest admin", &id, query, chat.RoleAdmin)
	return id, err
}

// AllBots lists the ids of a person's bots that have a name, including disabled ones.
func (r reader) AllBots(ctx context.Context, owner int64) (ids []int64, err error) {
	const query = `
		SELECT id FROM users WHERE owner_id = $1 AND owner_id > 0 AND name <> '' ORDER BY id`
	err = r.list(ctx, "list all bots", &ids, query, owner)
	return ids, err
}

const selectErasureJob = `
	SELECT user_id, room_id, departure_recorded, erase_messages, erased_through FROM erasure_jobs`

// NextErasureJob returns any unfinished job. It returns all jobs of one person before those of another person.
func (r reader) NextErasureJob(ctx context.Context) (job chat.ErasureJob, err error) {
	const query = selectErasureJob + ` ORDER BY user_id, room_id LIMIT 1`
	err = r.get(ctx, "read next erasure job", &job, query)
	return job, err
}

// ErasureJob returns the job for a person in a room.
func (r reader) ErasureJob(ctx context.Context, user, room int64) (job chat.ErasureJob, err error) {
	const query = selectErasureJob + ` WHERE user_id = $1 AND room_id = $2`
	err = r.get(ctx, "read erasure job", &job, query, user, room)
	return job, err
}

// CreateErasureJobs adds an erasure job for each room that the person is or was a member of. It finds the rooms that
// the person has left in the recorded departures.
func (w writer) CreateErasureJobs(ctx context.Context, user, departed int64, eraseMessages bool) error {
	const query = `
		INSERT INTO erasure_jobs (user_id, room_id, departure_recorded, erase_messages)
		SELECT CAST($1 AS BIGINT), r.id, r.id = $2, CAST($3 AS BOOLEAN) OR COALESCE(r.pair_low = r.pair_high, FALSE)
		FROM rooms r
		WHERE r.id IN (
			SELECT room_id FROM members WHERE user_id = $1 UNION SELECT room_id FROM departures WHERE user_id = $1)`
	_, err := w.exec(ctx, "create erasure jobs", query, user, departed, eraseMessages)
	return err
}

// UpdateErasureJob stores the progress of an erasure job.
func (w writer) UpdateErasureJob(ctx context.Context, job chat.ErasureJob) error {
	const query = `
		UPDATE erasure_jobs SET departure_recorded = $3, erased_through = $4 WHERE user_id = $1 AND room_id = $2`
	_, err := w.exec(ctx, "update erasure job", query, job.User, job.Room, job.DepartureRecorded, job.ErasedThrough)
	return err
}

// DeleteErasureJob removes a finished erasure job.
func (w writer) DeleteErasureJob(ctx context.Context, job chat.ErasureJob) error {
	const query = `
		DELETE FROM erasure_jobs WHERE user_id = $1 AND room_id = $2`
	_, err := w.exec(ctx, "delete erasure job", query, job.User, job.Room)
	return err
}

// EraseUser deletes a person's personal data and disables the account. A placeholder replaces the e-mail address, so
// that the address can be used again. Notifications and registrations that have only the address belong to the person
// too. The sessions of the person and their bots stay for a while without IP address and user agent, so that every node
// notices that they ended.
func (w writer) EraseUser(
	ctx context.Context, user int64, hash string, at chat.Timestamp,
) (blobs []int64, err error) {
	const op = "erase user"
	const (
		notifications = `
			DELETE FROM notifications
			WHERE user_id = $1 OR address <> '' AND address = (SELECT email FROM users WHERE id = $1)`
		registrations = `
			DELETE FROM pending_registrations WHERE email_key = (SELECT email_key FROM users WHERE id = $1)`
		applications = `
			DELETE FROM applications WHERE email_key = (SELECT email_key FROM users WHERE id = $1)`
		account = `
			UPDATE users SET name = '', name_key = '', handle = '', handle_key = '', email = '',
				email_key = 'deleted ' || id, email_confirmed_at = 0,
				password_hash = '', role = $4, avatar_file_id = 0, locale = '', browser_locale = '', theme = '',
				sound_enabled = FALSE, skin_tone = 0, email_digest = 'off', ntfy_topic = '', push_rooms = FALSE,
				push_include_text = FALSE, disabled_at = $3
			WHERE id = $1 AND password_hash = $2 AND name <> ''`
		drafts = `
			DELETE FROM drafts WHERE user_id = $1`
		emoji = `
			DELETE FROM recent_emoji WHERE user_id = $1`
		emailTokens = `
			DELETE FROM email_tokens WHERE user_id = $1`
		mentions = `
			DELETE FROM mentions WHERE user_id = $1`
		inbox = `
			DELETE FROM inbox_items WHERE user_id = $1`
		levels = `
			UPDATE members SET level = 0, muted_until = 0 WHERE user_id = $1 AND (level > 0 OR muted_until > 0)`
		saved = `
			DELETE FROM saved_messages WHERE user_id = $1`
		digests = `
			DELETE FROM unread_digests WHERE user_id = $1`
		sessions = `
			UPDATE sessions SET user_agent = '', ip = ''
			WHERE user_id = $1 OR user_id IN (SELECT id FROM users WHERE owner_id = $1 AND owner_id > 0)`
		files = `
			DELETE FROM files WHERE user_id = $1 AND message_id IS NULL
			RETURNING blob_id`
	)
	for _, query := range []string{notifications, registrations, applications} {
		if _, err := w.exec(ctx, op, query, user); err != nil {
			return nil, err
		}
	}
	if err := w.execRow(ctx, op, account, user, hash, at, chat.RoleMember); err != nil {
		return nil, err
	}
	for _, query := range []string{drafts, emoji, emailTokens, mentions, inbox, levels, saved, digests, sessions} {
		if _, err := w.exec(ctx, op, query, user); err != nil {
			return nil, err
		}
	}
	err = w.list(ctx, op, &blobs, files, user)
	return blobs, err
}
