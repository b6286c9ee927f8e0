package main

import (
	"context"
	"fmt"
	"io"

	"charla/chat"
	"charla/live"
)

// rotateKeys makes a new key for access tokens. The last one still verifies, so nobody notices; done twice, both keys from
// before are void, and programs renew their tokens. On SQLite the server must not run meanwhile.
func rotateKeys(ctx context.Context, c config, stdout io.Writer) error {
	store, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := chat.NewService(store, live.NewHub(store), c.timezone).RotateSigningKeys(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "Access tokens are signed with a new key.")
	return err
}
