package handlers_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"charla/db/dbtest"
)

// foundMessage is a search hit in a JSON answer.
type foundMessage struct {
	ID      int64
	Body    string
	Snippet string
	URL     string
}

// searchAnswer is the JSON answer of the search.
type searchAnswer struct {
	Messages []foundMessage
	Next     string
	Unknown  []string
}

// search returns the texts of all messages that a search finds, on all pages. Each pair is a parameter and its value.
func (b *client) search(query string, params ...string) (texts []string) {
	b.t.Helper()
	values := url.Values{"q": {query}}
	for i := 0; i < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	for next := "/search?" + values.Encode(); next != ""; {
		found := decodeLoosely[searchAnswer](b.get(next, asJSON).is(200))
		for _, m := range found.Messages {
			texts = append(texts, m.Body)
		}
		next = found.Next
	}
	return texts
}

// indexAll runs the indexer until nothing is left to do.
func (s *testServer) indexAll() {
	s.t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.chat.IndexMessages(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// indexProblems compares the search index with the messages. Afterwards all messages are indexed.
func (s *testServer) indexProblems() []string {
	s.t.Helper()
	return dbtest.SearchIndexProblems(s.t, s.sql, s.store)
}

func wantTexts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// TestSearch posts, edits and deletes messages and searches for them before and after they are indexed.
func TestSearch(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, beto := s.newUser("Ana"), s.newUser("Beto")
		room := ana.createRoom("Música", "invited")
		music := "room=" + formatID(room)
		for _, text := range []string{"una canción nueva", "我在上海工作 🎉", "I like C++ and foo_bar", "it's <b> \"quoted\" \\"} {
			ana.sendMessage(music, text)
		}
		edited, deleted := ana.sendMessage(music, "before the edit"), ana.sendMessage(music, "soon deleted")
		beto.sendMessage("room=1", "otra canción")
		for _, indexed := range []bool{false, true} {
			if indexed {
				s.indexAll()
			}
			wantTexts(t, ana.search("cancion"), "otra canción", "una canción nueva")
			wantTexts(t, ana.search("canciones"), "otra canción", "una canción nueva")
			wantTexts(t, ana.search("can"), "otra canción", "una canción nueva")
			wantTexts(t, ana.search("上海"), "我在上海工作 🎉")
			wantTexts(t, ana.search("🎉"), "我在上海工作 🎉")
			wantTexts(t, ana.search("C++"), "I like C++ and foo_bar")
			wantTexts(t, ana.search("foo_bar -上海"), "I like C++ and foo_bar")
			wantTexts(t, ana.search("it's quoted"), "it's <b> \"quoted\" \\")
			wantTexts(t, ana.search("cancion in:musica"), "una canción nueva")
			wantTexts(t, ana.search("cancion", "in", formatID(room)), "una canción nueva")
			wantTexts(t, ana.search("cancion from:beto"), "otra canción")
			wantTexts(t, ana.search("cancion -from:beto"), "una canción nueva")
			wantTexts(t, ana.search(`"canción nueva"`), "una canción nueva")
			wantTexts(t, ana.search(`"nueva canción"`))
			wantTexts(t, ana.search("before edit"), "before the edit")
			wantTexts(t, ana.search("soon"), "soon deleted")
			wantTexts(t, beto.search("cancion"), "otra canción") // Beto is not in Música
			wantTexts(t, beto.search("from:ana"))
			wantTexts(t, beto.search("in:musica"))
		}
		ana.editMessage(edited, "after the change")
		ana.deleteMessage(deleted).is(204)
		for _, indexed := range []bool{false, true} {
			if indexed {
				s.indexAll()
			}
			wantTexts(t, ana.search("edit"))
			wantTexts(t, ana.search("change"), "after the change")
			wantTexts(t, ana.search("soon"))
		}
		if n := s.count("SELECT COUNT(*) FROM search_changes"); n != 0 {
			t.Errorf("%d changes are not indexed", n)
		}
		equal(t, "problems of the index", fmt.Sprint(s.indexProblems()), "[]")
	})
}

// TestDamageToTheSearchIndexIsFound damages the search index on purpose: the comparison with the messages, on which other
// tests rely, finds it.
func TestDamageToTheSearchIndexIsFound(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := s.newUser("Ana")
		m, other := ana.sendMessage("room=1", "one story"), ana.sendMessage("room=1", "another one")
		s.indexAll()
		ana.editMessage(other, "the next")
		equal(t, "problems of a sound index that lacks a change", fmt.Sprint(s.indexProblems()), "[]")
		damages := [][]string{
			{"a missing document", `DELETE FROM search_documents WHERE message_id = $1`},
			{"a document without tokens", `UPDATE search_documents SET tokens = '' WHERE message_id = $1`},
			{"the tokens of another message", `UPDATE search_documents SET tokens = (
				SELECT d.tokens FROM search_documents d WHERE d.message_id <> $1 LIMIT 1) WHERE message_id = $1`},
			{"a change without a note", `UPDATE messages SET body = 'two stories' WHERE id = $1`,
				`DELETE FROM search_changes WHERE message_id = $1`},
		}
		if !dbtest.IsPostgres(s.sql) {
			damages = append(damages, []string{"a message that the full-text index lacks",
				`INSERT INTO search_index (search_index, rowid, tokens)
					SELECT 'delete', message_id, tokens FROM search_documents WHERE message_id = $1`})
		}
		for _, damage := range damages {
			for _, statement := range damage[1:] {
				s.exec(statement, m.ID)
			}
			equal(t, "problems after "+damage[0], len(s.indexProblems()), 1)
		}
	})
}

// TestSearchLeadsToThePlace follows the address of a result, in JSON and on the page, to the message among others.
func TestSearchLeadsToThePlace(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	seqs := threeHundred()
	at := func(int) time.Time { return time.Unix(1e9, 0) }
	s.insertMessages(1, ben, seqs, at, func(i int) bool { return i == 0 })
	query := fmt.Sprintf(`/search?q="line+%d"`, seqs[40])
	found := decodeLoosely[searchAnswer](ana.get(query, asJSON).is(200)).Messages
	equal(t, "results", len(found), 1)
	place := linkOf(t, parseHTML(t, ana.get(query).is(200).body), ".search-hit")
	equal(t, "the link on the page", place, found[0].URL)
	contains(t, place, fmt.Sprintf("#m-%d", seqs[40]))
	page := parseHTML(t, ana.get(strings.Split(place, "#")[0]).is(200).body)
	equal(t, "marked messages", len(selectAll(t, page, fmt.Sprintf(".marked-message + #m-%d", seqs[40]))), 1)
	equal(t, "links to newer messages", len(selectAll(t, page, ".newer-link")), 1)
	equal(t, "links to older messages", len(selectAll(t, page, ".older-link")), 1)
}

// TestSearchByMark searches for messages that are pinned, saved or mention the user, with words and without.
func TestSearchByMark(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, beto := s.newUser("Ana"), s.newUser("Beto")
		room := beto.createRoom("Secreto", "invited")
		secret := beto.sendMessage("room="+formatID(room), "secret @channel")
		beto.post("/messages", []string{"room", "1", "body", "hello @channel", "all", "yes"}, asJSON).is(201)
		beto.sendMessage("room=1", "asked nobody @channel")
		ana.post("/messages", []string{"room", "1", "body", "my own @channel", "all", "yes"}, asJSON).is(201)
		named, plain := beto.sendMessage("room=1", "good morning @ana"), beto.sendMessage("room=1", "good morning")
		for _, m := range []message{secret, plain} {
			beto.pin(m)
			beto.post(m.path()+"/save", nil, asJSON).is(204)
		}
		ana.post(named.path()+"/save", nil, asJSON).is(204)
		for _, indexed := range []bool{false, true} {
			if indexed {
				s.indexAll()
			}
			wantTexts(t, ana.search("is:mention"), "good morning @ana", "hello @channel")
			wantTexts(t, ana.search("is:mention hello"), "hello @channel")
			wantTexts(t, ana.search("is:pinned"), "good morning")
			wantTexts(t, ana.search("is:SAVED morning"), "good morning @ana")
			wantTexts(t, ana.search("is:saved is:mention"), "good morning @ana")
			wantTexts(t, ana.search("is:saved is:pinned"))
			wantTexts(t, ana.search("morning -is:saved"), "good morning")
			wantTexts(t, ana.search("morning -is:pinned"), "good morning @ana")
			wantTexts(t, ana.search("is:pinned -is:pinned"))
			wantTexts(t, beto.search("is:pinned"), "good morning", "secret @channel")
			wantTexts(t, beto.search("is:mention"), "my own @channel")
		}
		found := decodeLoosely[searchAnswer](ana.get("/search?q=is:pinned+is:nothing", asJSON).is(200))
		wantTexts(t, found.Unknown, "is:nothing")
	})
}

// vocabulary are the words of the messages of TestAllSearchesEqualAScan. No word matches two of them, except where
// searchedWords says so.
var vocabulary = []string{
	"canción", "cancion", "上海大学", "🎉", "C++", "foo_bar", "10.0.0.1", "casas", "https://www.example.com/x", "❤️", "año", "running",
}

// searchedWords maps what a query can contain to the words of the vocabulary that it matches.
var searchedWords = map[string][]string{
	"cancion": {"canción", "cancion"}, "CANCIÓN": {"canción"}, "canciones": {"canción", "cancion"},
	`"cancion"`: {"canción", "cancion"}, "上海": {"上海大学"}, "学": {"上海大学"}, "🎉": {"🎉"}, "c++": {"C++"},
	"foo_bar": {"foo_bar"}, "bar": {"foo_bar"}, "10.0.0.1": {"10.0.0.1"}, "casa": {"casas"},
	"example.com": {"https://www.example.com/x"}, "❤": {"❤️"}, "ano": {"año"}, "año": {"año"}, "ñandú": {}, "runs": {"running"},
}

// scannedMessage is a message as TestAllSearchesEqualAScan knows it.
type scannedMessage struct {
	words    []string
	text     string
	author   string
	room     string
	day      int // of January 2026
	hasImage bool
	marks    []string // what the message is for Ana: pinned, saved, or a mention
}

// searchedFilters maps what a query can contain to the messages that it matches.
var searchedFilters = map[string]func(scannedMessage) bool{
	"from:Ana":          func(m scannedMessage) bool { return m.author == "Ana" },
	"from:@beto":        func(m scannedMessage) bool { return m.author == "Beto" },
	"in:general":        func(m scannedMessage) bool { return m.room == "General" },
	`in:"Sala grande"`:  func(m scannedMessage) bool { return m.room == "Sala grande" },
	"with:Beto":         func(m scannedMessage) bool { return m.room == "Beto" },
	"on:2026-01-05":     func(m scannedMessage) bool { return m.day == 5 },
	"before:2026-01-05": func(m scannedMessage) bool { return m.day < 5 },
	"after:2026-01-05":  func(m scannedMessage) bool { return m.day > 5 },
	"has:image":         func(m scannedMessage) bool { return m.hasImage },
	"has:file":          func(m scannedMessage) bool { return m.hasImage },
	"is:pinned":         func(m scannedMessage) bool { return slices.Contains(m.marks, "pinned") },
	"is:saved":          func(m scannedMessage) bool { return slices.Contains(m.marks, "saved") },
	"is:mention":        func(m scannedMessage) bool { return slices.Contains(m.marks, "mention") },
	"has:link":          func(m scannedMessage) bool { return slices.Contains(m.words, "https://www.example.com/x") },
}

// randomMessage returns a message of one to three words of the vocabulary.
func randomMessage(random *rand.Rand) scannedMessage {
	m := scannedMessage{
		author: pick(random, "Ana", "Beto"), room: pick(random, "General", "Sala grande", "Beto"),
		day: 1 + random.IntN(9), hasImage: random.IntN(6) == 0,
	}
	for range 1 + random.IntN(3) {
		m.words = append(m.words, pick(random, vocabulary...))
	}
	m.text = strings.Join(m.words, pick(random, " ", ", ", "\n"))
	if random.IntN(6) == 0 {
		m.text, m.marks = m.text+" @ana", []string{"mention"}
	}
	return m
}

// randomQuery returns a query of words and filters, and a function that reports which messages match it.
func randomQuery(random *rand.Rand) (query string, matches func(scannedMessage) bool) {
	var parts []string
	var conditions []func(scannedMessage) bool
	add := func(text string, matches func(scannedMessage) bool) {
		negated := random.IntN(4) == 0
		if negated {
			text = "-" + text
		}
		parts = append(parts, text)
		conditions = append(conditions, func(m scannedMessage) bool { return matches(m) != negated })
	}
	for range random.IntN(3) {
		text := pick(random, slices.Sorted(maps.Keys(searchedFilters))...)
		add(text, searchedFilters[text])
	}
	for range random.IntN(3) + 1 - min(len(parts), 1) { // at least one part in all
		text := pick(random, slices.Sorted(maps.Keys(searchedWords))...)
		add(text, func(m scannedMessage) bool {
			return slices.ContainsFunc(m.words, func(w string) bool { return slices.Contains(searchedWords[text], w) })
		})
	}
	return strings.Join(parts, " "), func(m scannedMessage) bool {
		return !slices.ContainsFunc(conditions, func(c func(scannedMessage) bool) bool { return !c(m) })
	}
}

func pick[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// searchIDs returns the ids of all messages that a search finds, on all pages.
func (b *client) searchIDs(query string) (ids []int64) {
	b.t.Helper()
	values := url.Values{"q": {query}}
	for next := "/search?" + values.Encode(); next != ""; {
		found := decodeLoosely[searchAnswer](b.get(next, asJSON).is(200))
		for _, m := range found.Messages {
			ids = append(ids, m.ID)
		}
		next = found.Next
	}
	return ids
}

// TestAllSearchesEqualAScan compares 200 searches with a scan of all messages that Ana may read, which knows nothing of
// tokens. Some messages are indexed, some are not, and some have changed since. Then it compares 500 searches for random
// bytes before and after the rest is indexed.
func TestAllSearchesEqualAScan(t *testing.T) {
	skipWalkIfShort(t)
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		random := rand.New(rand.NewPCG(1, 2))
		ana, beto := s.newUser("Ana"), s.newUser("Beto")
		hall, secret := ana.createRoom("Sala grande", "open", beto), beto.createRoom("Secreto", "invited")
		places := map[string]string{"General": "room=1", "Sala grande": "room=" + formatID(hall)}
		readable := map[int64]scannedMessage{}
		post := func(n int) {
			for range n {
				m := randomMessage(random)
				author, peer := ana, beto
				if m.author == "Beto" {
					author, peer = beto, ana
				}
				place := cmp.Or(places[m.room], peer.peerQuery())
				beto.sendMessage("room="+formatID(secret), m.text)
				var files []fileInfo
				if m.hasImage {
					files = append(files, author.upload("a.png", picture(4, 3)))
				}
				posted := author.sendWithFiles(place, m.text, files...)
				at := time.Date(2026, 1, m.day, random.IntN(24), 0, 0, 0, time.UTC)
				s.exec("UPDATE messages SET posted_at = $1 WHERE id = $2", at.UnixMicro(), posted.ID)
				readable[posted.ID] = m
				if random.IntN(5) == 0 {
					other := randomMessage(random)
					author.editMessage(posted, other.text)
					m.words, m.text, m.marks = other.words, other.text, other.marks
					readable[posted.ID] = m
				}
				if random.IntN(5) == 0 {
					author.post(posted.path()+"/pin", nil, asJSON).is(200)
					m.marks = append(m.marks, "pinned")
				}
				if random.IntN(5) == 0 {
					ana.post(posted.path()+"/save", nil, asJSON).is(204)
					beto.post(posted.path()+"/save", nil, asJSON).is(204)
					m.marks = append(m.marks, "saved")
				}
				readable[posted.ID] = m
				if random.IntN(8) == 0 {
					author.deleteMessage(posted).is(204)
					delete(readable, posted.ID)
				}
			}
		}
		post(40)
		s.indexAll()
		post(20)
		for range 200 { // so many of the newest messages are compared without the index
			beto.sendMessage("room="+formatID(secret), "later")
		}
		for range 200 {
			query, matches := randomQuery(random)
			var want []int64
			for id, m := range readable {
				if matches(m) {
					want = append(want, id)
				}
			}
			slices.Sort(want)
			slices.Reverse(want)
			if got := ana.searchIDs(query); !slices.Equal(got, want) {
				t.Errorf("%q found %v, want %v", query, got, want)
			}
		}
		var queries []string
		var found [][]int64
		for range 500 {
			text := make([]byte, random.IntN(12))
			for i := range text {
				text[i] = byte(random.IntN(256))
			}
			queries = append(queries, string(text))
			found = append(found, ana.searchIDs(string(text)))
		}
		s.indexAll()
		for i, query := range queries {
			if got := ana.searchIDs(query); !slices.Equal(got, found[i]) {
				t.Errorf("%q found %v after indexing, %v before", query, got, found[i])
			}
		}
		equal(t, "problems of the index", fmt.Sprint(s.indexProblems()), "[]")
	})
}
