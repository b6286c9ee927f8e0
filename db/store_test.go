package db_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

func TestSQLite(t *testing.T) {
	testStore(t, func(t *testing.T) *db.Store { return dbtest.OpenSQLite(t) })
}

func TestPostgres(t *testing.T) {
	testStore(t, func(t *testing.T) *db.Store { return dbtest.OpenPostgres(t) })
}

// testStore runs the tests that a store must pass on both engines.
func testStore(t *testing.T, open func(*testing.T) *db.Store) {
	for name, test := range map[string]func(*testing.T, *db.Store){
		"users":                     testUsers,
		"find users":                testFindPeople,
		"handles":                   testHandles,
		"sessions":                  testSessions,
		"lock account":              testLockAccount,
		"ended sessions":            testEndedSessions,
		"secrets":                   testSecrets,
		"tokens":                    testTokens,
		"signing keys":              testSigningKeys,
		"session list":              testSessionList,
		"bots":                      testBots,
		"rooms":                     testRooms,
		"conversations":             testConversations,
		"channels":                  testChannels,
		"members":                   testMembers,
		"departures":                testDepartures,
		"all users":                 testAccounts,
		"order of conversations":    testConversationOrder,
		"unread":                    testUnread,
		"read marker":               testReadMarker,
		"last seqs":                 testLastSeqs,
		"messages":                  testMessages,
		"changes":                   testChanges,
		"message edits":             testMessageEdits,
		"account deletion":          testAccountDeletion,
		"account departure":         testAccountDeparture,
		"account export":            testAccountExport,
		"drafts":                    testDrafts,
		"files":                     testFiles,
		"page slots":                testPageSlots,
		"page slots at once":        testPageSlotsAtOnce,
		"unattached files":          testUnattachedFiles,
		"blob deleted concurrently": testBlobDeletedConcurrently,
		"file attached twice":       testFileAttachedTwice,
		"an outsider":               testOutsider,
		"emoji":                     testEmoji,
		"transactions":              testTransactions,
		"group commit":              testGroupCommit,
		"reserve post":              testReservePost,
		"a cancelled write":         testCancelledWrite,
		"many writers":              testManyWriters,
		"direct room created twice": testDirectRoomCreatedTwice,
		"duplicate message key":     testDuplicateMessageKey,
		"duplicate e-mail":          testDuplicateEmail,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// maxSkew is the clock skew that tests pass to ReservePost: a quarter of an hour.
const maxSkew = 15 * 60 * chat.Timestamp(1_000_000)

// mustWrite runs f in a transaction and fails the test if it returns an error.
func mustWrite(t testing.TB, s *db.Store, f func(chat.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// createUser registers a person, who joins General, as chat.Service does.
func createUser(t testing.TB, s *db.Store, name string) (user chat.User) {
	t.Helper()
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		user, err = createUserTx(t.Context(), tx, name)
		return err
	})
	return user
}

func createUserTx(ctx context.Context, tx chat.Tx, name string) (chat.User, error) {
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

// directRoom creates the room of two people.
func directRoom(t testing.TB, s *db.Store, a, b chat.User) (room int64) {
	t.Helper()
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		room, err = tx.EnsureDirectRoom(t.Context(), min(a.ID, b.ID), max(a.ID, b.ID), 1)
		return err
	})
	return room
}

// postMessage posts a message and returns it as it is stored.
func postMessage(t testing.TB, s *db.Store, room int64, author chat.User, key string,
	at chat.Timestamp) (m chat.Message) {
	t.Helper()
	ctx := t.Context()
	mustWrite(t, s, func(tx chat.Tx) error {
		slot, err := tx.ReservePost(ctx, author.ID, chat.ConversationRef{Room: room}, at, maxSkew)
		if err != nil {
			return err
		}
		text := "text of " + key
		message := chat.Message{Room: room, Seq: slot.LastSeq, ChangedSeq: slot.LastSeq, AuthorID: author.ID, Key: key,
			Body: text, HTML: "<b>" + key + "</b>", PostedAt: at, StartsGroup: true}
		if _, err = tx.InsertMessage(ctx, message, chat.ContentDigest(key, text)); err != nil {
			return err
		}
		m, _, err = tx.MessageByKey(ctx, author.ID, key)
		return err
	})
	return m
}

// wantErr fails the test unless errors.Is(err, want).
func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got the error %v, want %v", err, want)
	}
}

// equal fails the test unless got and want are deeply equal.
func equal[T any](t testing.TB, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func insertMessage(ctx context.Context, tx chat.Tx, room, author int64, key string) error {
	slot, err := tx.ReservePost(ctx, author, chat.ConversationRef{Room: room}, 1, maxSkew)
	if err != nil {
		return err
	}
	const text = "a line of the length that people write in a chat, more or less"
	_, err = tx.InsertMessage(ctx, chat.Message{Room: room, Seq: slot.LastSeq, ChangedSeq: slot.LastSeq,
		AuthorID: author, Key: key, Body: text, HTML: text, PostedAt: slot.PostedAt}, chat.ContentDigest(key, text))
	return err
}
