package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

func testSecrets(t *testing.T, s *db.Store) {
	ctx := t.Context()
	keep := func(value string) (kept []byte) {
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			kept, err = tx.EnsureSecret(ctx, "cookie", []byte(value))
			return err
		})
		return kept
	}
	equal(t, string(keep("first\x00\xff")), "first\x00\xff")
	equal(t, string(keep("second")), "first\x00\xff")
}
