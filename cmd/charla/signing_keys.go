package main

import (
	"context"
	"fmt"
	"io"

	"charla/chat"
	"charla/live"
)

// rotateKeys creates a new signing key for access tokens and keeps the previous one. Tokens signed with the previous
// key stay valid, so that programs notice nothing. A second rotation makes these tokens invalid, so that programs must
// refresh them. With SQLite the server must be stopped first.
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
