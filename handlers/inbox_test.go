package handlers_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"charla/db/dbtest"
)

// inboxInfo is an answer of GET /inbox.
type inboxInfo struct {
	Unseen int
	Items  []struct {
		ID       int64
		Kind     string
		Room     int64
		RoomName string `json:"room_name"`
		Message  *message
		People   []userRef
		At       string
		Seen     bool
	}
	Next string
}

func (b *client) inbox(query string) inboxInfo {
	b.t.Helper()
	return decode[inboxInfo](b.get("/inbox"+query, asJSON).is(200))
}

// String lists the items as "kind by people: text", with an asterisk before those that are not seen.
func (i inboxInfo) String() string {
	var lines []string
	for _, item := range i.Items {
		line := item.Kind + " by " + handles(item.People) + ": "
		if item.Message != nil {
			line += item.Message.Body
		} else {
			line += item.RoomName
		}
		if !item.Seen {
			line = "*" + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// expectInbox fails the test unless the inbox of a user is as described, and its number of unseen items right.
func (b *client) expectInbox(what, want string) {
	b.t.Helper()
	inbox := b.inbox("")
	equal(b.t, what, inbox.String(), want)
	equal(b.t, what+", unseen", inbox.Unseen, strings.Count(want, "*"))
}

// TestInbox: mentions, reactions and invitations reach the inbox with the change that causes them, and leave it with
// the change that takes their reason away.
func TestInbox(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, beto, carla := s.newUser("Ana"), s.newUser("Beto"), s.newUser("Carla")
		kitchen := beto.createRoom("Kitchen", "invited", ana)
		room := "room=" + formatID(kitchen)
		ana.expectInbox("after an invitation", "*invitation by beto: Kitchen")
		beto.expectInbox("of who invited", "")

		m := beto.sendMessage(room, "hello @ana")
		equal(t, "the message of the item", ana.inbox("").Items[0].Message.ID, m.ID)
		ana.expectInbox("after a mention", "*mention by beto: hello @ana; *invitation by beto: Kitchen")
		beto.sendMessage(room, "@beto")
		beto.expectInbox("of somebody who mentions themself", "")
		beto.editMessage(m, "hello")
		ana.expectInbox("after an edit that withdraws", "*invitation by beto: Kitchen")
		beto.editMessage(m, "hello again, @ana")
		ana.expectInbox("after an edit that adds", "*mention by beto: hello again, @ana; *invitation by beto: Kitchen")
		own := ana.sendMessage(room, "cake")
		beto.react(own, "🎉").is(200)
		ana.react(own, "🎉").is(200)
		beto.react(own, "👍").is(200)
		ana.expectInbox("after reactions",
			"*reaction by beto: cake; *mention by beto: hello again, @ana; *invitation by beto: Kitchen")
		equal(t, "of one kind", ana.inbox("?kind=reaction").String(), "*reaction by beto: cake")
		equal(t, "of a kind that nothing has", ana.inbox("?kind=moderation").String(), "")
		ana.get("/inbox?kind=dance", asJSON).isError(422, "invalid", "kind")

		ana.post("/read", []string{"room", formatID(kitchen), "seq", formatID(m.Seq)}, asJSON).is(204)
		ana.expectInbox("after reading up to the mention",
			"*reaction by beto: cake; mention by beto: hello again, @ana; invitation by beto: Kitchen")
		ana.get("/messages?"+room+"&around="+formatID(own.Seq), asJSON).is(200)
		equal(t, "after a program read the message", ana.inbox("").Unseen, 1)
		page := ana.get(ana.get("/inbox").is(200).attr(".inbox__item--unseen a", "href")).is(200)
		page.shows(".marked-message + #m-"+formatID(own.Seq)).hides("#inbox-badge", "1")
		ana.expectInbox("after the link to the message",
			"reaction by beto: cake; mention by beto: hello again, @ana; invitation by beto: Kitchen")

		beto.react(own, "👀").is(200)
		first := ana.inbox("").Items[0].ID
		ana.post("/inbox/seen", []string{"id", formatID(first)}, asJSON).is(204)
		equal(t, "after one was marked", ana.inbox("").Unseen, 0)
		beto.post("/inbox/seen", []string{"id", formatID(first)}, asJSON).isError(404, "not_found", "")
		ana.post("/inbox/seen", nil, asJSON).isError(422, "invalid", "upto")
		for _, emoji := range []string{"🎉", "👍", "👀"} {
			beto.react(own, emoji).is(200)
		}
		ana.expectInbox("without reactions of others",
			"mention by beto: hello again, @ana; invitation by beto: Kitchen")
		beto.deleteMessage(m).is(204)
		ana.expectInbox("after a deletion", "invitation by beto: Kitchen")

		beto.sendMessage(room, "@ana, are you there?")
		ana.post("/rooms/"+formatID(kitchen)+"/leave", nil, asJSON).is(204)
		ana.expectInbox("outside of the room", "")
		ana.get("/inbox").is(200).lacks("are you there", "Kitchen")
		ana.post("/inbox/seen", []string{"upto", "1000000"}, asJSON).is(204)
		carla.expectInbox("of somebody who never was there", "")
		beto.post("/rooms/"+formatID(kitchen)+"/members", []string{"user", formatID(ana.user.ID)}, asJSON).is(204)
		ana.expectInbox("back in the room", "*invitation by beto: Kitchen; *mention by beto: @ana, are you there?")
		ana.post("/inbox/seen", []string{"upto", formatID(ana.inbox("").Items[0].ID)}).redirectsTo("/inbox")
		equal(t, "after all were marked", ana.inbox("").Unseen, 0)
	})
}

// TestInboxOfEverybody: @channel reaches everybody who is in the room, a bot's @channel nobody.
func TestInboxOfEverybody(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, beto, carla := s.newUser("Ana"), s.newUser("Beto"), s.newUser("Carla")
		room := beto.createRoom("Kitchen", "open")
		s.exec(`INSERT INTO members (room_id, user_id, joined_seq, read_seq) VALUES ($1, $2, 1, 1)`, room, ana.user.ID)
		in := formatID(room)
		everybody := []string{"room", in, "body", "@channel @ana", "all", "yes"}
		m := decode[message](beto.post("/messages", everybody, asJSON).is(201))
		beto.post("/messages", []string{"room", in, "body", "@channel"}, asJSON).is(201)
		beto.post("/messages", []string{"room", in, "body", "@here", "all", "yes"}, asJSON).is(201) // nobody is online
		ana.expectInbox("of a member", "*mention by beto: @channel @ana")
		carla.expectInbox("of an outsider", "")
		beto.expectInbox("of the author", "")
		beto.editMessage(m, "@channel")
		ana.expectInbox("while everybody is mentioned", "*mention by beto: @channel")
		ana.get("/inbox").is(200).shows(".inbox__summary", "mentioned everyone")
		beto.editMessage(m, "nobody")
		ana.expectInbox("when nobody is", "")
	})
}

// TestInboxPage: the page lists the items by kind and page, in the user's language, and its badge is on every page.
func TestInboxPage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, beto := s.newUser("Ana"), s.newUser("Beto")
	ana.get("/inbox").is(200).shows(".page", "Nothing here yet.").hides("#inbox-badge", "0")
	own := ana.sendMessage("room=1", "cake")
	for _, name := range []string{"P1", "P2", "P3", "P4"} {
		s.newUser(name).react(own, "🎉").is(200)
	}
	page := ana.get("/inbox").is(200)
	seq := formatID(own.Seq)
	page.shows(".inbox__item--unseen a[href='/messages?room=1&around="+seq+"#m-"+seq+"']", "cake").
		shows(".inbox__summary", "P2", "and 2 others reacted 🎉").
		shows("#inbox-badge", "1").
		shows("form[action='/inbox/seen'] [name=upto]").
		shows(".search-filters__link[aria-current][href='/inbox']", "All")
	for range 51 {
		beto.sendMessage("room=1", "@ana <b>")
	}
	first := ana.get("/inbox?kind=mention").is(200)
	equal(t, "items on a page", first.elements(".inbox__item"), 50)
	first.shows("#inbox-badge", "52").shows(".search-filters__link[aria-current]", "Mentions")
	next := ana.inbox("?kind=mention").Next
	last := ana.inbox(strings.TrimPrefix(next, "/inbox"))
	equal(t, "items on the last page", len(last.Items), 1)
	equal(t, "after it", last.Next, "")
	ana.get(next).is(200).shows(".inbox__item", "@ana <b>")
	s.exec(`UPDATE users SET locale = 'es' WHERE id = $1`, ana.user.ID)
	ana.get("/inbox").is(200).shows(".conversation__name", "Bandeja de entrada").
		shows(".inbox__summary", "te mencionó")
	ana.get("/messages?room=1").is(200) // reads everything
	ana.get("/chat").is(200).hides("#inbox-badge", "sin ver")
}

// TestInboxEvents: a program and a page learn on any node how many items are new, also without a relay between the
// nodes, and nobody else does.
func TestInboxEvents(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	near, far := openPostgres(t, url), openPostgres(t, url)
	ana, beto := near.newUser("Ana"), near.newUser("Beto")
	room := beto.createRoom("Kitchen", "invited", ana)
	program, page := ana.onNode(far).listen("/events", asEventStream), ana.onNode(far).listen("/events")
	other := beto.onNode(far).listen("/events", asEventStream)
	type state struct{ Unseen int }
	expect := func(want int) {
		t.Helper()
		for {
			if got, _ := waitForJSON[state](program, "inbox"); got.Unseen == want {
				return
			}
		}
	}
	expect(1)
	m := beto.sendMessage("room="+formatID(room), "@ana")
	expect(2)
	page.waitFor("2 new")
	own := ana.sendMessage("room="+formatID(room), "cake")
	beto.react(own, "🎉").is(200)
	expect(3)
	beto.deleteMessage(m).is(204)
	expect(2)
	ana.post("/inbox/seen", []string{"upto", "1000000"}, asJSON).is(204)
	expect(0)
	if got, _ := waitForJSON[state](other, "inbox"); got.Unseen != 0 {
		t.Errorf("somebody else got %d", got.Unseen)
	}
}

// inboxModel is a community in which random things happen. It knows what the database does not tell afterwards: who was
// in a room when everybody was mentioned, and who was added by whom.
type inboxModel struct {
	*testServer
	people   []*client
	rooms    []int64
	messages []message
	authors  map[int64]*client
	audience map[int64][]int64 // members other than the author, by message
	invited  map[[2]int64]bool // user and room
}

func newInboxModel(s *testServer) *inboxModel {
	w := &inboxModel{
		testServer: s, authors: map[int64]*client{}, audience: map[int64][]int64{}, invited: map[[2]int64]bool{},
	}
	for _, name := range []string{"Ana", "Beto", "Carla"} {
		w.people = append(w.people, s.anonymous().register(name, strings.ToLower(name)+"@example.org"))
	}
	w.rooms = []int64{1, w.people[0].createRoom("Kitchen", "invited", w.people[1:]...)}
	for _, b := range w.people[1:] {
		w.invited[[2]int64{b.user.ID, w.rooms[1]}] = true
	}
	return w
}

// numbers returns the rows that a query selects.
func (w *inboxModel) numbers(query string, args ...any) (list [][2]int64) {
	w.t.Helper()
	rows, err := w.sql.Query(query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var row [2]int64
		if err := rows.Scan(&row[0], &row[1]); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, row)
	}
	return list
}

// expected computes from messages, mentions and reactions what is in all inboxes.
func (w *inboxModel) expected() (lines []string) {
	add := func(kind string, user, about int64) {
		if line := fmt.Sprint(kind, " for ", user, " about ", about); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	gone := map[int64]bool{}
	for _, row := range w.numbers(`SELECT id, id FROM users WHERE name = ''`) {
		gone[row[0]] = true
	}
	author := map[int64]int64{}
	for _, row := range w.numbers(`SELECT id, author_id FROM messages WHERE deleted_at = 0`) {
		author[row[0]] = row[1]
	}
	for _, row := range w.numbers(`SELECT message_id, user_id FROM mentions`) {
		if by := author[row[0]]; by != 0 && by != row[1] && !gone[row[1]] {
			add("mention", row[1], row[0])
		}
	}
	for _, row := range w.numbers(`SELECT id, room_id FROM messages WHERE notifies_all`) {
		for _, user := range w.audience[row[0]] {
			if !gone[user] {
				add("mention", user, row[0])
			}
		}
	}
	for _, row := range w.numbers(`SELECT message_id, user_id FROM reactions`) {
		if by := author[row[0]]; by != 0 && by != row[1] && !gone[by] {
			add("reaction", by, row[0])
		}
	}
	for key := range w.invited {
		if !gone[key[0]] {
			add("invitation", key[0], key[1])
		}
	}
	slices.Sort(lines)
	return lines
}

// stored returns what is in all inboxes.
func (w *inboxModel) stored() (lines []string) {
	for _, kind := range []string{"mention", "reaction", "invitation", "reply"} {
		for _, row := range w.numbers(
			`SELECT user_id, COALESCE(message_id, room_id) FROM inbox_items WHERE kind = $1`, kind) {
			lines = append(lines, fmt.Sprint(kind, " for ", row[0], " about ", row[1]))
		}
	}
	slices.Sort(lines)
	return lines
}

// differs reports whether the inboxes differ from what the messages demand.
func (w *inboxModel) differs() bool { return !slices.Equal(w.expected(), w.stored()) }

func (w *inboxModel) check() {
	w.t.Helper()
	if w.differs() {
		w.t.Fatalf("the inboxes have\n%s\nand should have\n%s",
			strings.Join(w.stored(), "\n"), strings.Join(w.expected(), "\n"))
	}
	for _, b := range w.people { // what each user sees are the items about rooms that they are in
		inRooms := `user_id = $1 AND room_id IN (SELECT room_id FROM members WHERE user_id = $1)`
		inbox := b.inbox("")
		equal(w.t, "visible items", int64(len(inbox.Items)),
			min(50, w.count(`SELECT COUNT(*) FROM inbox_items WHERE `+inRooms, b.user.ID)))
		equal(w.t, "unseen items", int64(inbox.Unseen),
			w.count(`SELECT COUNT(*) FROM inbox_items WHERE seen_at = 0 AND `+inRooms, b.user.ID))
	}
}

// act does something random that may change inboxes.
func (w *inboxModel) act(random *rand.Rand) {
	b, room := w.people[random.IntN(len(w.people))], w.rooms[random.IntN(len(w.rooms))]
	bodies := []string{"hello", "@ana", "@beto and @carla", "@ana @ana @beto", "`@ana`", "@channel @carla"}
	body := bodies[random.IntN(len(bodies))]
	switch n := random.IntN(10); {
	case n < 4 || len(w.messages) == 0:
		w.post(b, room, body)
	case n == 4 && room != 1:
		w.changeMembers(b, room)
	case n == 5:
		b.post("/inbox/seen", []string{"upto", "1000000"}, asJSON).is(204)
	default:
		m := w.messages[random.IntN(len(w.messages))]
		switch {
		case !w.isIn(b, m.Room):
		case n < 8:
			b.react(m, []string{"🎉", "👍"}[random.IntN(2)])
		case n == 8 && w.isIn(w.authors[m.ID], m.Room):
			w.authors[m.ID].putMessage(m, body)
		case w.isIn(w.authors[m.ID], m.Room):
			w.authors[m.ID].deleteMessage(m)
		}
	}
}

func (w *inboxModel) post(b *client, room int64, body string) {
	if !w.isIn(b, room) {
		return
	}
	form := []string{"room", formatID(room), "body", body, "all", "yes"}
	m := decode[message](b.post("/messages", form, asJSON).is(201))
	w.messages, w.authors[m.ID] = append(w.messages, m), b
	for _, row := range w.numbers(`SELECT user_id, room_id FROM members WHERE room_id = $1`, room) {
		if row[0] != b.user.ID {
			w.audience[m.ID] = append(w.audience[m.ID], row[0])
		}
	}
}

// changeMembers lets a member other than the owner leave, or the owner add somebody.
func (w *inboxModel) changeMembers(b *client, room int64) {
	switch path := "/rooms/" + formatID(room); {
	case b == w.people[0]:
	case w.isIn(b, room):
		b.post(path+"/leave", nil, asJSON).is(204)
	default:
		w.people[0].post(path+"/members", []string{"user", formatID(b.user.ID)}, asJSON).is(204)
	}
}

// TestInboxEqualsMessages does random things and compares all inboxes with the messages, also after an account is
// deleted. At the end it damages items, which the comparison notices.
func TestInboxEqualsMessages(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		w := newInboxModel(s)
		random := rand.New(rand.NewPCG(uint64(len(t.Name())), 1))
		for i := range 120 {
			if w.act(random); i%10 == 9 {
				w.check()
			}
		}
		carla := w.people[2]
		carla.post("/settings/delete", []string{"current", testPassword, "messages", "delete"}, asJSON).is(204)
		s.runErasures()
		w.people = w.people[:2]
		w.check()
		w.post(w.people[0], 1, "@beto")
		w.check()
		for _, damage := range []string{
			`DELETE FROM inbox_items WHERE id = (SELECT MAX(id) FROM inbox_items WHERE kind = 'mention')`,
			`UPDATE inbox_items SET kind = 'reaction'
				WHERE id = (SELECT MAX(id) FROM inbox_items WHERE kind = 'mention')`,
			`INSERT INTO inbox_items (user_id, kind, room_id, message_id, seq, created_at)
				SELECT author_id, 'mention', room_id, id, seq, 1 FROM messages
				WHERE id = (SELECT MAX(id) FROM messages)`,
		} {
			s.exec(damage)
			if !w.differs() {
				t.Errorf("this damage goes unnoticed: %s", damage)
			}
		}
	})
}
