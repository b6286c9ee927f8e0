package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"slices"
	"strings"
	"testing"

	"charla/chat"

	"github.com/jmoiron/sqlx"
)

// explainer is a querier that collects the plan of each query and returns no rows.
type explainer struct {
	*sqlx.DB
	t     testing.TB
	steps *[]string
}

func (e explainer) explain(ctx context.Context, query string, args []any) {
	var steps []struct {
		ID, Parent, Notused int
		Detail              string
	}
	if err := e.DB.SelectContext(ctx, &steps, "EXPLAIN QUERY PLAN "+query, args...); err != nil {
		e.t.Fatal(err)
	}
	for _, s := range steps {
		*e.steps = append(*e.steps, s.Detail)
	}
}

func (e explainer) GetContext(ctx context.Context, _ any, query string, args ...any) error {
	e.explain(ctx, query, args)
	return nil
}

func (e explainer) SelectContext(ctx context.Context, _ any, query string, args ...any) error {
	e.explain(ctx, query, args)
	return nil
}

func (e explainer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	e.explain(ctx, query, args)
	return driver.RowsAffected(0), nil
}

// allowedScans matches the scans of temporary results: the rooms of one person, the rows that are counted, the
// arguments in JSON, the messages since the last scan for digests, and the limited lists of added and edited messages.
var allowedScans = regexp.MustCompile(
	`^SCAN (rule|mine|counted|kept|a|w|f|recent|added|edited|CONSTANT ROW|json_each VIRTUAL TABLE INDEX .*)$`)

// allowedSorts are the queries that may sort a temporary result, because it belongs to one person or one scan for
// digests.
var allowedSorts = []string{
	"Conversations", "AllConversations", "UnreadConversations", "UnreadPreviews", "MessagesChangedSince", "PushCandidates", "ScheduleDigests",
}

// TestQueryPlans checks that frequent queries use an index: no step may scan a table.
func TestQueryPlans(t *testing.T) {
	s, err := OpenSQLite(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	for name, query := range map[string]func(r reader) error{
		"Session":          func(r reader) error { _, _, err := r.Session(ctx, "h", 1); return err },
		"SessionByID":      func(r reader) error { _, _, err := r.SessionByID(ctx, 1, 1); return err },
		"Webhook":          func(r reader) error { _, err := r.Webhook(ctx, "h"); return err },
		"EndedSessions":    func(r reader) error { _, err := r.EndedSessions(ctx, 1); return err },
		"Conversations":    func(r reader) error { _, err := r.Conversations(ctx, 1, 0, 100); return err },
		"AllConversations": func(r reader) error { _, err := r.AllConversations(ctx, 1); return err },
		"MessagesChangedSince": func(r reader) error {
			_, err := r.MessagesChangedSince(ctx, 1, 1, 9, 50)
			return err
		},
		"AccountDeletedSince": func(r reader) error { _, err := r.AccountDeletedSince(ctx, 1, 9); return err },
		"ConversationIn":      func(r reader) error { _, err := r.ConversationIn(ctx, 1, 1); return err },
		"ConversationWith":    func(r reader) error { _, err := r.ConversationWith(ctx, 1, 2); return err },
		"Message":             func(r reader) error { _, err := r.Message(ctx, 1, 1); return err },
		"MessageByKey":        func(r reader) error { _, _, err := r.MessageByKey(ctx, 1, "k"); return err },
		"MessagesBefore":      func(r reader) error { _, err := r.MessagesBefore(ctx, 1, 1, 9, 50); return err },
		"FirstMessageSince":   func(r reader) error { _, err := r.FirstMessageSince(ctx, 1, 1, 9); return err },
		"FirstUnread":         func(r reader) error { _, err := r.FirstUnread(ctx, 1, 1, 9); return err },
		"Changes":             func(r reader) error { r.Changes(ctx, 1, 0, 500); return nil },
		"Draft": func(r reader) error {
			_, err := r.Draft(ctx, 1, chat.ConversationRef{Room: 1})
			return err
		},
		"File": func(r reader) error { _, err := r.File(ctx, 1, 1); return err },
		"PendingFiles": func(r reader) error {
			_, err := r.PendingFiles(ctx, 1, chat.ConversationRef{Room: 1}, 9)
			return err
		},
		"Usage": func(r reader) error {
			_, err := r.Usage(ctx, 1, chat.ConversationRef{Room: 1})
			return err
		},
		"BlobByHash":           func(r reader) error { _, _, err := r.BlobByHash(ctx, "h"); return err },
		"Room":                 func(r reader) error { _, err := r.Room(ctx, 1, 1); return err },
		"LastDeparture":        func(r reader) error { _, err := r.LastDeparture(ctx, 1, 1); return err },
		"departuresBetween":    func(r reader) error { _, err := r.departuresBetween(ctx, 1, 1, 9); return err },
		"Departures":           func(r reader) error { _, err := r.Departures(ctx, 1); return err },
		"NotificationSettings": func(r reader) error { _, err := r.NotificationSettings(ctx, 1); return err },
		"LastSeen":             func(r reader) error { _, err := r.LastSeen(ctx, 1); return err },
		"PendingRegistrationByEmail": func(r reader) error {
			_, err := r.PendingRegistrationByEmail(ctx, "a", 1)
			return err
		},
		"EmailToken": func(r reader) error { _, err := r.EmailToken(ctx, "reset", "h", 1); return err },
		"NotificationsDue": func(r reader) error {
			_, err := r.NotificationsDue(ctx, chat.MediumEmail, 1)
			return err
		},
		"ScanDue": func(r reader) error {
			_, err := r.ScanDue(ctx, chat.ScanClaim{Medium: chat.MediumEmail})
			return err
		},
		"PushCandidates": func(r reader) error { _, err := r.PushCandidates(ctx, 1, chat.NotificationRule{}); return err },
		"UnreadConversations": func(r reader) error {
			_, err := r.UnreadConversations(ctx, 1, 0, 9, chat.NotificationRule{})
			return err
		},
		"UnreadPreviews": func(r reader) error {
			_, err := r.UnreadPreviews(ctx, 1, 0, chat.PreviewLimits{PerRoom: 3, Total: 9, Chars: 9}, chat.NotificationRule{})
			return err
		},
		"ClaimNotifications": func(r reader) error {
			_, err := writer{r}.ClaimNotifications(ctx, chat.MediumEmail, 1, 2, 8)
			return err
		},
		"ScheduleDigests": func(r reader) error {
			return writer{r}.ScheduleDigests(ctx, 1, chat.DigestTimes{}, chat.NotificationRule{})
		},
		"EnqueueDueDigests": func(r reader) error { return writer{r}.EnqueueDueDigests(ctx, 1, 9) },
		"MessagesByAuthor": func(r reader) error {
			_, err := r.MessagesByAuthor(ctx, 1, 1, 0, 9, 50)
			return err
		},
		"ExportRooms": func(r reader) error { _, err := r.ExportRooms(ctx, 1, 1, 9); return err },
		"ExportFiles": func(r reader) error { _, err := r.ExportFiles(ctx, 1, 1, 9); return err },
		"ExportReactions": func(r reader) error {
			_, err := r.ExportReactions(ctx, 1, chat.ExportedReaction{}, 9)
			return err
		},
		"ExportDrafts": func(r reader) error {
			_, err := r.ExportDrafts(ctx, 1, chat.ConversationRef{}, 9)
			return err
		},
		"LastSeqs": func(r reader) error {
			_, err := r.LastSeqs(ctx, []chat.StreamKey{{Room: 1}, {Low: 1, High: 2}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := s.Plan(t, query)
			for _, step := range plan {
				window := name == "Changes" && step == "SCAN x LEFT-JOIN" // the limited result of a search by index
				if strings.HasPrefix(step, "SCAN") && !allowedScans.MatchString(step) && !window {
					t.Errorf("the query scans a table:\n%s", strings.Join(plan, "\n"))
				}
				ofOneMessage := strings.Contains(step, "string_agg") // the few reactions or files of one message
				if strings.Contains(step, "TEMP B-TREE") && !ofOneMessage && !slices.Contains(allowedSorts, name) {
					t.Errorf("the query sorts:\n%s", strings.Join(plan, "\n"))
				}
			}
		})
	}
}
