package handlers_test

import (
	"strings"
	"testing"
)

type emojiList struct {
	Emoji []struct {
		Emoji, Name string
		Shortcodes  []string
	}
}

func (l emojiList) String() (all string) {
	for _, e := range l.Emoji {
		all += e.Emoji
	}
	return all
}

func TestShortcodesBecomeEmojiWhenSent(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	equal(t, "sent by a program", ana.sendMessage("room=1", "hi :tada: `:tada:` 10:30:45").Body, "hi 🎉 `:tada:` 10:30:45")
	ana.post("/messages", []string{"room", "1", "body", ":corazon_rojo:"}).redirectsTo("/messages?room=1")
	ana.get("/messages?room=1").has("❤️").lacks("corazon_rojo")

	again := []string{"room", "1", "body", ":tada: once", "key", "k"}
	ana.post("/messages", again, asJSON).is(201)
	ana.post("/messages", again, asJSON).is(200)
	ana.post("/messages", []string{"room", "1", "body", "🎉 once", "key", "k"}, asJSON).is(200) // the same text, typed otherwise
	ana.post("/messages", []string{"room", "1", "body", ":tada:" + strings.Repeat("x", 5000)}).is(422).has(":tada:xxx")
}

func TestMistypedShortcodeSuggestions(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	form := []string{"room", "1", "body", "well :smlie: <b>"}
	ana.post("/messages", form, asHTMX).is(200).has(`#emoji-suggestions"`, `value="😄"`, ":smile:", "well :smlie: &lt;b&gt;")
	ana.post("/messages", []string{"room", "1", "body", "well"}, asHTMX).is(200).lacks("Did you mean")
	ana.post("/messages", form, asJSON).is(201).lacks("😄")
	ana.post("/messages", form).redirectsTo("/messages?room=1&typo=smlie")
	ana.get("/messages?room=1&typo=smlie").is(200).has("Did you mean", `value="😄"`)
	ana.get("/messages?room=1&typo=%3Cscript%3E").is(200).lacks("Did you mean", "<script>\"")
	berta.get("/messages?room=1").is(200).has("well :smlie:").lacks("Did you mean", "😄")
}

func TestPickingEmoji(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	list := func(b *client, query string) emojiList {
		t.Helper()
		return decode[emojiList](b.get("/emoji"+query, asJSON, "Accept-Language: es").is(200))
	}
	equal(t, "found in Spanish", list(ana, "?q=pizza").String(), "🍕🍄‍🟫")
	equal(t, "named in Spanish", list(ana, "?q=tada").Emoji[0].Name, "cañón de confeti")
	equal(t, "a group", strings.Contains(list(ana, "?group=3").String(), "🍎"), true)
	equal(t, "the chosen group comes first", list(ana, "?q=red&group=3").String()[:4], "🍎")
	equal(t, "no such group or tone", list(ana, "?group=99&tone=99").String(), list(ana, "").String())
	ana.get("/emoji?room=1", asHTMX).is(200).has(`value="😀"`, `hx-post="/emoji"`).lacks("<html", "Recently used</h2>")

	box := []string{"room", "1", "body", "half a <b> ", "key", "mine", "emoji", "👍🏽\uFE0F", "tone", "3"}
	ana.post("/emoji", box, asHTMX).is(200).has(`<i data-text="👍🏽" x-init=`, `hx-target="#emoji-picker"`).lacks("<html", "half a")
	page := ana.post("/emoji", box).is(200).has("</html>", "\nhalf a &lt;b&gt; 👍🏽</textarea>", `value="mine"`, `id="messages"`)
	equal(t, "key", page.composerKey(), "mine")
	equal(t, "to a program", decode[struct{ Body string }](ana.post("/emoji", box, asJSON).is(200)).Body, "half a <b> 👍🏽")
	ana.post("/emoji", []string{"room", "1", "body", "x", "emoji", "🎉"}).is(200)

	ana.get("/emoji?room=1", asHTMX).has("Recently used</h2>", `name="tone" value="3" checked`).has(`value="🎉" title="party popper :tada:">🎉</button><button class="emoji-option" name="emoji" value="👍🏽"`)
	equal(t, "in the tone chosen last", strings.Contains(list(ana, "?group=1").String(), "👋🏽"), true)
	equal(t, "another's", strings.Contains(list(berta, "?group=1").String(), "👋🏽"), false)
	berta.get("/emoji?room=1", asHTMX).lacks("Recently used</h2>")

	for _, emoji := range []string{"x", "🎉🎉", "<b>", "\xff"} {
		ana.post("/emoji", []string{"room", "1", "emoji", emoji}, asJSON).isError(422, "invalid", "emoji")
	}
	ana.post("/emoji", []string{"with", "999", "emoji", "🎉"}).is(404)
	ana.get("/emoji").redirectsTo("/chat") // there is no text to put one into
	equal(t, "remembered", s.count(`SELECT COUNT(*) FROM emoji_used`), 2)
}

// TestPickingAReaction: the same picker, in the menu of a message and as a page.
func TestPickingAReaction(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
	m := ana.sendMessage(berta.peerQuery(), "we won")
	way := "/emoji?message=" + formatID(m.ID)
	berta.get(m.path()).has(`href="` + way + `"`)
	forMessage := []string{`action="` + m.path() + `/reactions"`, `name="message" value="` + formatID(m.ID) + `"`, `value="😀"`}
	berta.get(way, asHTMX).is(200).has(forMessage...).has(`hx-post="` + m.path() + `/reactions"`).lacks("<html")
	berta.get(way).is(200).has(forMessage...).has("</html>", "/messages?room="+formatID(m.Room)).lacks(`hx-post="` + m.path())
	berta.post("/emoji", []string{"message", formatID(m.ID), "q", "gato"}).is(200).has("</html>", `value="😺"`, forMessage[0], forMessage[1])
	carla.get(way).is(404)
	carla.get(way, asHTMX).is(404).lacks("we won")
	carla.get(way, asJSON).isError(404, "not_found", "")
	carla.post("/emoji", []string{"message", formatID(m.ID), "q", "gato"}).is(404)

	berta.post(m.path()+"/reactions", []string{"message", formatID(m.ID), "tone", "3", "emoji", "👍🏽"}).redirectsTo("/messages?room=" + formatID(m.Room))
	berta.get(way, asHTMX).has("Recently used</h2>", `name="tone" value="3" checked`)
	berta.react(m, "🎉").is(200)
	used := func() int64 { return s.count(`SELECT COUNT(*) FROM emoji_used`) }
	equal(t, "used", used(), 2)
	s.exec(`DELETE FROM emoji_used`)
	berta.react(m, "🎉").is(200)
	equal(t, "used by taking it back", used(), 0)
}

// TestEmojiPageKeepsText: without JavaScript the text goes to the page and comes back with the emoji.
func TestEmojiPageKeepsText(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	box := []string{"room", "1", "body", "half a \"thought\"", "key", "mine"}
	carried := []string{`name="body" value="half a &#34;thought&#34;"`, `name="key" value="mine"`, `name="room" value="1"`}
	ana.post("/emoji", box).is(200).has("</html>", `value="😀"`).has(carried...).lacks("hx-post=\"/emoji\"")
	ana.post("/emoji", append(box, "q", "gato", "tone", "2")).is(200).has(`value="😺"`, `name="tone" value="2"`).has(carried...)
	ana.post("/emoji", append(box, "q", "there is none")).is(200).has("No emoji is called “there is none”.")
}
