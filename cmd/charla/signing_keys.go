package main

import (
	"context"
	"fmt"

	"charla/chat"
)

// rotateKeys creates a new signing key for access tokens and keeps the previous one. Tokens signed with the previous
// key stay valid, so that programs notice nothing. A second rotation makes these tokens invalid, so that programs must
// refresh them. A running server signs with the new key within seconds.
func rotateKeys(ctx context.Context, c config, in invocation) error {
	return withService(ctx, c, func(service *chat.Service) error {
		if err := service.RotateSigningKeys(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(in.stdout, "Access tokens are signed with a new key.")
		return err
	})
}
