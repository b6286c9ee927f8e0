package db_test

import (
	"context"
	"errors"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

func TestSQLite(t *testing.T) {
	testStore(t, func(t *testing.T) *db.Store { return dbtest.SQLite(t) })
}

func TestPostgres(t *testing.T) {
	testStore(t, func(t *testing.T) *db.Store { return dbtest.OpenPostgres(t) })
}

// testStore is what every Store must do.
func testStore(t *testing.T, open func(*testing.T) *db.Store) {
	for name, test := range map[string]func(*testing.T, *db.Store){
		"users":                  testUsers,
		"find people":            testFindPeople,
		"sessions":               testSessions,
		"hold account":           testHoldAccount,
		"ended sessions":         testEndedSessions,
		"secrets":                testSecrets,
		"tokens":                 testTokens,
		"token keys":             testTokenKeys,
		"my sessions":            testMySessions,
		"bots":                   testBots,
		"rooms":                  testRooms,
		"conversations":          testConversations,
		"channels":               testChannels,
		"members":                testMembers,
		"departures":             testDepartures,
		"accounts":               testAccounts,
		"order of conversations": testConversationOrder,
		"unread":                 testUnread,
		"read mark":              testReadMark,
		"last seqs":              testLastSeqs,
		"messages":               testMessages,
		"changes":                testChanges,
		"changed messages":       testChangedMessages,
		"erasures":               testErasures,
		"departures for good":    testForGood,
		"one's own":              testOwn,
		"drafts":                 testDrafts,
		"files":                  testFiles,
		"files that wait":        testWaitingFiles,
		"forgotten content":      testContentForgottenMeanwhile,
		"one file sent twice":    testOneFileSentTwice,
		"an outsider":            testOutsider,
		"emoji":                  testEmoji,
		"transactions":           testTransactions,
		"batches":                testBatch,
		"turns":                  testTurns,
		"a cancelled write":      testCancelledWrite,
		"many writers":           testManyWriters,
		"one room made twice":    testOneRoomMadeTwice,
		"one key used twice":     testOneKeyUsedTwice,
		"one e-mail, many forms": testOneEmail,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// write runs f in a transaction that must succeed.
func write(t testing.TB, s *db.Store, f func(chat.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// register adds a person to General, as the service does.
func register(t testing.TB, s *db.Store, name string) (user chat.User) {
	t.Helper()
	write(t, s, func(tx chat.Tx) (err error) {
		user, err = join(t.Context(), tx, name)
		return err
	})
	return user
}

func join(ctx context.Context, tx chat.Tx, name string) (chat.User, error) {
	seq, err := tx.NextSeq(ctx, chat.General)
	if err != nil {
		return chat.User{}, err
	}
	user, err := tx.InsertUser(ctx, chat.NewUser{Name: name, NameKey: chat.NameKey(name), Email: name + "@example.org",
		EmailKey: name + "@example.org", PasswordHash: "hash of " + name, CreatedAt: 1})
	if err != nil {
		return chat.User{}, err
	}
	return user, tx.InsertMember(ctx, chat.General, user.ID, seq)
}

// direct makes the room of two people.
func direct(t testing.TB, s *db.Store, a, b chat.User) (room int64) {
	t.Helper()
	write(t, s, func(tx chat.Tx) (err error) {
		room, err = tx.EnsureDirect(t.Context(), min(a.ID, b.ID), max(a.ID, b.ID), 1)
		return err
	})
	return room
}

// post adds a message and returns it as the store has it.
func post(t testing.TB, s *db.Store, room int64, author chat.User, key string, at chat.Micros) (m chat.Message) {
	t.Helper()
	ctx := t.Context()
	write(t, s, func(tx chat.Tx) error {
		turn, err := tx.NextTurn(ctx, author.ID, chat.Place{Room: room}, at)
		if err != nil {
			return err
		}
		if _, err = tx.InsertMessage(ctx, chat.Message{Room: room, Seq: turn.LastSeq, ChangedSeq: turn.LastSeq, AuthorID: author.ID, Key: key,
			Body: "text of " + key, HTML: "<b>" + key + "</b>", PostedAt: at, Leads: true}, chat.Digest(key, "text of "+key)); err != nil {
			return err
		}
		m, _, err = tx.MessageByKey(ctx, author.ID, key)
		return err
	})
	return m
}

// is fails the test unless err is want.
func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got the error %v, want %v", err, want)
	}
}

// equal fails the test unless got is want.
func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}
