package handlers_test

import (
	"net/url"
	"slices"
	"testing"
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
	})
}
