package db_test

import (
	"testing"

	"charla/chat"
	"charla/db/dbtest"
)

// TestRowsReadAreBounded checks how many messages of a long room PostgreSQL reads for a query: never many more than it
// returns, even for a reader who was away for a long time.
func TestRowsReadAreBounded(t *testing.T) {
	s := dbtest.OpenPostgres(t)
	ana := createUser(t, s, "ana")
	const long, authors = 20_000, 200
	s.RawExec(t, `
		INSERT INTO users (name, name_key, email, email_key, password_hash, created_at)
		SELECT 'author', 'author', '', 'author ' || i, '', 1 FROM generate_series(1, $1::bigint) AS i`, authors)
	s.RawExec(t, `
		INSERT INTO messages (room_id, seq, changed_seq, author_id, key, body, html, posted_at, starts_group,
			starts_day, content_digest)
		SELECT 1, 10 + i, 10 + i, $1 + 1 + i % $2, 'key ' || i, 'text', 'text', i, TRUE, FALSE, ''
		FROM generate_series(1, $3::bigint) AS i`, ana.ID, authors, long)
	s.RawExec(t, `UPDATE rooms SET last_seq = 10 + $1 WHERE id = 1`, long)
	s.RawExec(t, `ANALYZE`)
	everything := chat.NotificationRule{} // all messages notify at all levels
	for what, query := range map[string]func(r chat.Reader) (found int, err error){
		"changes after a long absence": func(r chat.Reader) (int, error) {
			c, err := r.Changes(t.Context(), chat.General, 5, chat.ReplayLimit)
			equal(t, c.TooFarBehind, true)
			return len(c.Added), err
		},
		"changes after a short absence": func(r chat.Reader) (int, error) {
			c, err := r.Changes(t.Context(), chat.General, long-100, chat.ReplayLimit)
			equal(t, len(c.Added), 110)
			return len(c.Added), err
		},
		"the previews of a digest": func(r chat.Reader) (int, error) {
			limits := chat.PreviewLimits{PerRoom: 3, Total: 9, Chars: 9}
			previews, err := r.UnreadPreviews(t.Context(), ana.ID, 0, limits, everything)
			equal(t, len(previews), 3)
			return len(previews), err
		},
		"a page of messages": func(r chat.Reader) (int, error) {
			page, err := r.MessagesBefore(t.Context(), ana.ID, chat.General, long, 50)
			return len(page), err
		},
		"messages after a seq": func(r chat.Reader) (int, error) {
			page, err := r.MessagesAfter(t.Context(), ana.ID, chat.General, 100, 50)
			return len(page), err
		},
		"the conversations of a digest": func(r chat.Reader) (int, error) {
			list, err := r.UnreadConversations(t.Context(), ana.ID, 0, 10, everything)
			return len(list), err
		},
		"the list of conversations": func(r chat.Reader) (int, error) {
			list, err := r.Conversations(t.Context(), ana.ID, 0, 100)
			return len(list), err
		},
		"the number of unread messages": func(r chat.Reader) (int, error) {
			c, err := r.ConversationIn(t.Context(), ana.ID, chat.General)
			equal(t, c.Unread, chat.UnreadCap)
			return 1, err
		},
	} {
		read := s.RowsRead(t, func(r chat.Reader) error {
			found, err := query(r)
			if found == 0 && what != "changes after a long absence" {
				t.Errorf("%s: the result is empty", what)
			}
			return err
		})
		if read > 2*chat.ReplayLimit {
			t.Errorf("%s: PostgreSQL reads %d messages", what, read)
		}
	}
}
