package chat_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

// pausingStore pauses a transaction once, right before it first adds a member or sets a role. It closes reached and then
// waits for resume.
type pausingStore struct {
	chat.Store
	once            *sync.Once
	reached, resume chan struct{}
}

func (b pausingStore) InTx(ctx context.Context, f func(chat.Tx) error) error {
	return b.Store.InTx(ctx, func(tx chat.Tx) error { return f(pausingTx{tx, b}) })
}

type pausingTx struct {
	chat.Tx
	pausingStore
}

func (b pausingTx) pause() {
	b.once.Do(func() {
		close(b.reached)
		<-b.resume
	})
}

func (b pausingTx) InsertMember(ctx context.Context, room, user, seq int64) error {
	b.pause()
	return b.Tx.InsertMember(ctx, room, user, seq)
}

func (b pausingTx) SetRole(ctx context.Context, user int64, role chat.Role, at chat.Timestamp) error {
	b.pause()
	return b.Tx.SetRole(ctx, user, role, at)
}

// deleteAccountDuring starts the deletion of an account while another action is in the middle of its transaction. The
// action goes on once the deletion waits for it or has finished. After the erasure is complete, it returns the number
// of rooms that the user is still a member of, and the errors of both.
func deleteAccountDuring(
	t *testing.T, deed func(during *chat.Service, admin, ana chat.User) error,
) (rooms int, done, deleted error) {
	url := dbtest.PostgresURL(t)
	store, err := db.OpenPostgres(t.Context(), url)
	must(t, err)
	defer store.Close()
	raw, err := sql.Open("postgres", url)
	must(t, err)
	defer raw.Close()
	count := func(query string, args ...any) (n int) {
		must(t, raw.QueryRow(query, args...).Scan(&n))
		return n
	}
	w := newFixtureOn(t, store)
	admin := w.addUser(t, "Admin")
	ana, err := w.Register(
		t.Context(), chat.Registration{Name: "Ana", Email: "ana@example.org", Password: "tortilla-y-pan"},
	)
	must(t, err)
	must(t, w.SetRole(t.Context(), admin, ana.ID, chat.RoleAdmin))
	ana.Role = chat.RoleAdmin
	w.createRoom(t, admin, "Kitchen", chat.AccessOpen)

	slow := pausingStore{store, new(sync.Once), make(chan struct{}), make(chan struct{})}
	deedDone, deletedDone := make(chan error, 1), make(chan error, 1)
	go func() {
		deedDone <- deed(chat.NewService(chat.Options{Store: slow, Events: &eventRecorder{}}), admin, ana)
	}()
	select {
	case <-slow.reached:
	case err := <-deedDone:
		t.Fatalf("the action ended before it paused, with the error %v", err)
	}
	go func() { deletedDone <- w.DeleteAccount(t.Context(), ana, "tortilla-y-pan", chat.KeepMessages) }()
	dbtest.Eventually(t, "the deletion to wait, or to be through", func() bool {
		waiting := count(
			`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
		)
		return len(deletedDone) > 0 || waiting > 0
	})
	close(slow.resume)
	done, deleted = <-deedDone, <-deletedDone
	for more := true; more; {
		more, err = w.RunErasureStep(t.Context())
		must(t, err)
	}
	wantEqual(t, "owners", count(`SELECT COUNT(*) FROM users WHERE role = 'owner' AND disabled_at = 0`), 1)
	return count(`SELECT COUNT(*) FROM members WHERE user_id = $1`, ana.ID), done, deleted
}

const kitchen = 2

func TestJoiningDuringAccountDeletion(t *testing.T) {
	rooms, done, deleted := deleteAccountDuring(t, func(during *chat.Service, _, ana chat.User) error {
		return during.JoinRoom(t.Context(), ana, kitchen)
	})
	must(t, done)
	must(t, deleted)
	wantEqual(t, "rooms", rooms, 0)
}

func TestBecomingOwnerDuringAccountDeletion(t *testing.T) {
	_, done, deleted := deleteAccountDuring(t, func(during *chat.Service, admin, ana chat.User) error {
		return during.SetRole(t.Context(), admin, ana.ID, chat.RoleOwner)
	})
	must(t, done)
	must(t, deleted)
}
