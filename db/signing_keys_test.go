package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testSigningKeys(t *testing.T, s *db.Store) {
	ctx := t.Context()
	keys := func() (told string) {
		t.Helper()
		keys, err := s.SigningKeys(ctx, 2)
		wantErr(t, err, nil)
		for _, k := range keys {
			told += fmt.Sprint(k.ID, " ", string(k.Value), " ", k.CreatedAt, ";")
		}
		return told
	}
	add := func(id int64, value string) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) error {
			return tx.InsertSigningKey(ctx,
				chat.SigningKey{ID: id, Value: []byte(value), CreatedAt: chat.Timestamp(id)}, 2)
		})
	}
	equal(t, keys(), "")
	add(1, "first\x00\xff")
	add(1, "another node's")
	equal(t, keys(), "1 first\x00\xff 1;")
	add(2, "second")
	add(3, "third")
	equal(t, keys(), "3 third 3;2 second 2;")
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT COUNT(*) FROM signing_keys`)), "[2]")
}
