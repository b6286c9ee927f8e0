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
	service := chat.NewService(chat.Options{Store: store, Events: live.NewHub(store), TimeZone: c.timezone})
	if err := service.RotateSigningKeys(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "Access tokens are signed with a new key.")
	return err
}
