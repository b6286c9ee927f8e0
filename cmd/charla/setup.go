package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"charla/chat"
)

// needsSetupLink reports whether the first account is made with the set-up link. Otherwise whoever registers first
// becomes the owner. That is safe only if nobody but people on this machine can reach Charla.
func (c config) needsSetupLink() bool {
	host, _, _ := net.SplitHostPort(c.addr)
	ip := net.ParseIP(host)
	return c.baseURL != nil || host != "localhost" && (ip == nil || !ip.IsLoopback())
}

// announceSetupLink prints the set-up link if the community has no people yet.
func announceSetupLink(ctx context.Context, c config, service *chat.Service, stdout io.Writer) {
	token, err := service.SetupToken(ctx)
	if chat.CodeOf(err) == chat.Conflict {
		return
	}
	if err != nil {
		slog.Warn("read set-up link failed", "error", err)
		return
	}
	fmt.Fprintf(stdout, "Create the first account, which will be the owner, at %s/setup/%s\n", linkBase(c), token)
}

// printSetupLink prints the set-up link again. The link is the only line on standard output.
func printSetupLink(ctx context.Context, c config, in invocation) error {
	return withService(ctx, c, func(service *chat.Service) error {
		token, err := service.SetupToken(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(in.stdout, "%s/setup/%s\n", linkBase(c), token)
		return err
	})
}
