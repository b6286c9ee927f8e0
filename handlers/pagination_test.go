package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"charla/db/dbtest"
)

// TestPagination follows the next link of every list to its end, in JSON and on its page.
func TestPagination(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { testPagination(t, openSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { testPagination(t, openPostgres(t, dbtest.PostgresURL(t))) })
}

func testPagination(t *testing.T, s *testServer) {
	admin := s.newUser("Admin")
	const n = 250
	for i := range n {
		name, email := fmt.Sprintf("person %03d", i%125), fmt.Sprintf("p%d@example.org", i) // each name twice
		s.exec(`INSERT INTO users (name, name_key, email, email_key, password_hash, locale, created_at, role)
			VALUES ($1, $1, $2, $2, '', '', 1, 'member')`, name, email)
		s.exec(`INSERT INTO rooms (kind, name, name_key, access, created_at)
			VALUES ('channel', $1, $1, 'open', 1)`, fmt.Sprintf("room %03d", i))
	}
	s.exec(`INSERT INTO rooms (kind, pair_low, pair_high, created_at)
		SELECT 'direct', $1, id, 5 FROM users WHERE name LIKE 'person 1%'`, admin.user.ID)
	s.exec(`INSERT INTO members (room_id, user_id)
		SELECT id, $1 FROM rooms WHERE kind = 'direct' OR name LIKE 'room 1%'`, admin.user.ID)

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
	// shown counts the links in a list on all its pages, without the link to the next page.
	shown := func(path, list string) (n int) {
		t.Helper()
		const next = "a.list-entry__next-link"
		for path != "" {
			doc := parseHTML(t, admin.get(path).is(200).body)
			n += len(selectAll(t, doc, list+" a:not(.list-entry__next-link)"))
			path = ""
			if more := selectAll(t, doc, list+" "+next); len(more) > 0 {
				path = attr(more[0], "href")
			}
		}
		return n
	}
	equal(t, "people", len(all("/chat")), n)
	equal(t, "people found", len(all("/chat?q=person")), n)
	equal(t, "accounts", len(all("/people")), n+1)
	equal(t, "rooms to join", len(all("/rooms")), n-100)
	equal(t, "conversations", len(all("/conversations")), 1+100+50)
	equal(t, "people found on the page", shown("/chat?q=person", "#search-results"), n)
	equal(t, "accounts on the page", shown("/people", "#people-list"), n+1)
	equal(t, "rooms on the page", shown("/rooms", "#room-list"), n-100)
	equal(t, "conversations on the page", shown("/conversations", "#conversation"),
		1+100+50+2) // and a back link per page
	admin.get("/chat").is(200).shows("a[href='/conversations']")
	for _, path := range []string{"/chat?q=x&after=", "/people?after=", "/rooms?after=", "/rooms/1?after="} {
		for _, after := range []string{"9999999999", "9223372036854775806"} {
			admin.get(path+after, asJSON).is(200)
		}
	}
	next := decodeLoosely[struct{ Next string }](admin.get("/conversations", asJSON).is(200)).Next
	_, room, _ := strings.Cut(next, "after=")
	s.exec(`DELETE FROM members WHERE room_id = $1 AND user_id = $2`, room, admin.user.ID)
	// The rest of the list is not empty, so the answer must not look like its end.
	admin.get(next, asJSON).isError(404, "not_found", "")
	admin.get(next).is(404)
}
