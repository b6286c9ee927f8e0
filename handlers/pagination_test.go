package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"charla/db/dbtest"

	"golang.org/x/net/html"
)

// Every list goes on at its next, in JSON and on its page, to its end.
func TestPagination(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { testPagination(t, openSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { testPagination(t, openPostgres(t, dbtest.PostgresURL(t))) })
}

func testPagination(t *testing.T, s *testServer) {
	admin := s.newUser("Admin")
	const n = 250
	for i := range n {
		s.exec(`INSERT INTO users (name, name_key, email, email_key, password_hash, locale, created_at, role)
			VALUES ($1, $1, $2, $2, '', '', 1, 'member')`, fmt.Sprintf("person %03d", i%125), fmt.Sprintf("p%d@example.org", i)) // each name twice
		s.exec(`INSERT INTO rooms (kind, name, name_key, access, created_at) VALUES ('channel', $1, $1, 'open', 1)`, fmt.Sprintf("room %03d", i))
	}
	s.exec(`INSERT INTO rooms (kind, pair_low, pair_high, created_at) SELECT 'direct', $1, id, 5 FROM users WHERE name LIKE 'person 1%'`, admin.user.ID)
	s.exec(`INSERT INTO members (room_id, user_id) SELECT id, $1 FROM rooms WHERE kind = 'direct' OR name LIKE 'room 1%'`, admin.user.ID)

	type entry struct{ ID, Room int64 }
	all := func(path string) map[int64]bool {
		t.Helper()
		found, pages := map[int64]bool{}, 0
		for ; path != ""; pages++ {
			page := decodeLoosely[struct {
				People, Rooms, Conversations []entry
				Next                         string
			}](admin.get(path, asJSON).is(200))
			if strings.HasPrefix(path, "/chat") {
				page.Rooms = nil
			}
			for _, e := range slices.Concat(page.People, page.Rooms, page.Conversations) {
				found[max(e.ID, e.Room)] = true
			}
			path = page.Next
		}
		if pages < 2 {
			t.Errorf("%d pages", pages)
		}
		return found
	}
	shown := func(path, list string) (n int) {
		t.Helper()
		for path != "" {
			doc := parsePage(t, admin.get(path).is(200).body).doc
			path = ""
			for e := range byID(doc, list).Descendants() {
				switch {
				case e.Type != html.ElementNode || e.Data != "a":
				case attr(e, "class") == "entry__next":
					path = attr(e, "href")
				default:
					n++
				}
			}
		}
		return n
	}
	equal(t, "people", len(all("/chat")), n)
	equal(t, "people found", len(all("/chat?q=person")), n)
	equal(t, "accounts", len(all("/people")), n+1)
	equal(t, "rooms to join", len(all("/rooms")), n-100)
	equal(t, "conversations", len(all("/conversations")), 1+100+50)
	equal(t, "people found on the page", shown("/chat?q=person", "found"), n)
	equal(t, "accounts on the page", shown("/people", "accounts"), n+1)
	equal(t, "rooms on the page", shown("/rooms", "rooms"), n-100)
	equal(t, "conversations on the page", shown("/conversations", "conv"), 1+100+50+2) // and the way back, on both pages
	admin.get("/chat").is(200).has(`href="/conversations"`)
	for _, path := range []string{"/chat?q=x&after=", "/people?after=", "/rooms?after=", "/rooms/1?after="} {
		for _, after := range []string{"9999999999", "9223372036854775806"} {
			admin.get(path+after, asJSON).is(200)
		}
	}
	_, next, _ := strings.Cut(admin.get("/conversations", asJSON).is(200).body, `"next":"`)
	next, _, _ = strings.Cut(next, `"`)
	_, room, _ := strings.Cut(next, "after=")
	s.exec(`DELETE FROM members WHERE room_id = $1 AND user_id = $2`, room, admin.user.ID)
	admin.get(next, asJSON).isError(404, "not_found", "") // not the end of the list
	admin.get(next).is(404)
}
