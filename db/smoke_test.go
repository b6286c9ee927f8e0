package db

import (
	"testing"
	"time"

	"charla/chat"
)

type quiet struct{}

func (quiet) Publish(chat.Event) {}

func TestSmoke(t *testing.T) {
	s, err := OpenSQLite(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	svc := chat.NewService(s, quiet{}, time.UTC)
	ana, err := svc.Register(ctx, chat.Registration{Name: "Ana", Email: "ana@example.org", Password: "a long enough secret"})
	if err != nil || ana.Role != chat.RoleAdmin {
		t.Fatal(ana, err)
	}
	ben, err := svc.Register(ctx, chat.Registration{Name: "Ben", Email: "ben@example.org", Password: "a long enough secret"})
	if err != nil || ben.Role != chat.RoleMember {
		t.Fatal(ben, err)
	}
	tok, err := svc.StartSession(ctx, ana, "x", "y")
	if err != nil {
		t.Fatal(err)
	}
	if _, u, err := svc.Session(ctx, tok); err != nil || u != ana {
		t.Fatal(u, err)
	}
	m, _, err := svc.PostMessage(ctx, ana, chat.NewMessage{Place: chat.Place{With: ben.ID}, Body: "hi", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	cs, err := svc.Conversations(ctx, ben)
	if err != nil || len(cs) != 2 || cs[0].Unread != 1 || cs[0].Name != "Ana" {
		t.Fatal(cs, err)
	}
	t.Log(cs)
	h, err := svc.History(ctx, cs[0], 0, 0)
	if err != nil || len(h.Messages) != 1 || h.Messages[0].ID != m.ID {
		t.Fatal(h, err)
	}
	ch, err := svc.Changes(ctx, cs[0], 0)
	if err != nil || len(ch.Added) != 1 {
		t.Fatal(ch, err)
	}
	p, err := svc.FindPeople(ctx, "b", 10)
	if err != nil || len(p) != 1 {
		t.Fatal(p, err)
	}
	ls, err := s.LastSeqs(ctx, []chat.Topic{{Room: 1}, cs[0].Topic(), {Low: 7, High: 8}})
	if err != nil || len(ls) != 2 {
		t.Fatal(ls, err)
	}
	if v, err := svc.Secret(ctx, "x"); err != nil || len(v) != 64 {
		t.Fatal(v, err)
	}
}
