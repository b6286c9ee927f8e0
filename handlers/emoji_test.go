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
	sent := ana.sendMessage("room=1", "hi :tada: `:tada:` 10:30:45")
	equal(t, "sent by a program", sent.Body, "hi 🎉 `:tada:` 10:30:45")
	ana.post("/messages", []string{"room", "1", "body", ":corazon_rojo:"}).redirectsTo("/messages?room=1")
	ana.get("/messages?room=1").has("❤️").lacks("corazon_rojo")

	again := []string{"room", "1", "body", ":tada: once", "key", "k"}
	ana.post("/messages", again, asJSON).is(201)
	ana.post("/messages", again, asJSON).is(200)
	// The same text with an emoji instead of its shortcode is the same message.
	ana.post("/messages", []string{"room", "1", "body", "🎉 once", "key", "k"}, asJSON).is(200)
	ana.post("/messages", []string{"room", "1", "body", ":tada:" + strings.Repeat("x", 5000)}).is(422).has(":tada:xxx")
}

func TestMistypedShortcodeSuggestions(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	form := []string{"room", "1", "body", "well :smlie: <b>"}
	ana.post("/messages", form, asHTMX).is(200).shows("[hx-target$='#emoji-suggestions'] [value='😄']", ":smile:").
		has("well :smlie: &lt;b&gt;")
	ana.post("/messages", []string{"room", "1", "body", "well"}, asHTMX).is(200).lacks("Did you mean")
	ana.post("/messages", form, asJSON).is(201).lacks("😄")
	ana.post("/messages", form).redirectsTo("/messages?room=1&typo=smlie")
	ana.get("/messages?room=1&typo=smlie").is(200).has("Did you mean").shows("[value='😄']")
	ana.get("/messages?room=1&typo=%3Cscript%3E").is(200).lacks("Did you mean", "<script>\"")
	berta.get("/messages?room=1").is(200).has("well :smlie:").lacks("Did you mean", "😄")

	two := []string{"room", "1", "body", ":smlie: :qqqq: :hart:"}
	ana.post("/messages", two, asHTMX).is(200).shows("[value='😄']", ":smile:").shows("[value='❤️']", ":heart:").
		has("“:smlie:”", "“:hart:”").lacks("“:qqqq:”")
	ana.post("/messages", two).redirectsTo("/messages?room=1&typo=smlie&typo=hart")
	ana.get("/messages?room=1&typo=smlie&typo=hart").is(200).shows("[value='😄']").shows("[value='❤️']")
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
	ana.get("/emoji?room=1", asHTMX).is(200).isFragment().shows("[value='😀']").shows("[hx-post='/emoji']").
		hides("h2", "Recently used")

	draft := []string{"room", "1", "body", "half a <b> ", "key", "mine", "emoji", "👍🏽\uFE0F", "tone", "3"}
	ana.post("/emoji", draft, asHTMX).is(200).isFragment().shows("i[data-text='👍🏽'][x-init]").
		shows("[hx-target='#emoji-picker']").lacks("half a")
	page := ana.post("/emoji", draft).is(200).isPage().shows("textarea", "half a <b> 👍🏽").shows("#messages")
	equal(t, "key", page.composerKey(), "mine")
	answered := decode[struct{ Body string }](ana.post("/emoji", draft, asJSON).is(200))
	equal(t, "to a program", answered.Body, "half a <b> 👍🏽")
	ana.post("/emoji", []string{"room", "1", "body", "x", "emoji", "🎉"}).is(200)

	ana.get("/emoji?room=1", asHTMX).shows("h2", "Recently used").shows("[name=tone][value='3'][checked]").
		shows("button.emoji-option[value='🎉'][title='party popper :tada:'] + button.emoji-option[name=emoji][value='👍🏽']")
	equal(t, "in the tone chosen last", strings.Contains(list(ana, "?group=1").String(), "👋🏽"), true)
	equal(t, "in another user's tone", strings.Contains(list(berta, "?group=1").String(), "👋🏽"), false)
	berta.get("/emoji?room=1", asHTMX).hides("h2", "Recently used")

	for _, emoji := range []string{"x", "🎉🎉", "<b>", "\xff"} {
		ana.post("/emoji", []string{"room", "1", "emoji", emoji}, asJSON).isError(422, "invalid", "emoji")
	}
	ana.post("/emoji", []string{"with", "999", "emoji", "🎉"}).is(404)
	ana.get("/emoji").redirectsTo("/chat") // without a conversation the emoji has nowhere to go
	equal(t, "emoji used", s.count(`SELECT COUNT(*) FROM recent_emoji`), 2)
}

// The picker of a reaction stands in the menu of a message, and without htmx on a page of its own.
func TestPickingAReaction(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
	m := ana.sendMessage(berta.peerQuery(), "we won")
	url := "/emoji?message=" + formatID(m.ID)
	berta.get(m.path()).shows("[href='" + url + "']")
	forMessage := "[action='" + m.path() + "/reactions']"
	messageField := "[name=message][value='" + formatID(m.ID) + "']"
	picker := berta.get(url, asHTMX).is(200).isFragment().shows(forMessage).shows(messageField).shows("[value='😀']")
	picker.shows("[hx-post='" + m.path() + "/reactions']")
	page := berta.get(url).is(200).isPage().shows(forMessage).shows(messageField).shows("[value='😀']")
	page.has("/messages?room=" + formatID(m.Room)).hides("[hx-post^='" + m.path() + "']")
	berta.post("/emoji", []string{"message", formatID(m.ID), "q", "gato"}).is(200).isPage().
		shows("[value='😺']").shows(forMessage).shows(messageField)
	carla.get(url).is(404)
	carla.get(url, asHTMX).is(404).lacks("we won")
	carla.get(url, asJSON).isError(404, "not_found", "")
	carla.post("/emoji", []string{"message", formatID(m.ID), "q", "gato"}).is(404)

	thumb := []string{"message", formatID(m.ID), "tone", "3", "emoji", "👍🏽"}
	berta.post(m.path()+"/reactions", thumb).redirectsTo("/messages?room=" + formatID(m.Room))
	berta.get(url, asHTMX).shows("h2", "Recently used").shows("[name=tone][value='3'][checked]")
	berta.react(m, "🎉").is(200)
	used := func() int64 { return s.count(`SELECT COUNT(*) FROM recent_emoji`) }
	equal(t, "emoji used", used(), 2)
	s.exec(`DELETE FROM recent_emoji`)
	berta.react(m, "🎉").is(200)
	equal(t, "emoji used by removing a reaction", used(), 0)
}

// Without JavaScript the text goes to the page of emoji in hidden fields and comes back with the emoji.
func TestEmojiPageKeepsText(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	draft := []string{"room", "1", "body", "half a \"thought\"", "key", "mine"}
	keepsDraft := func(page *answer) *answer {
		return page.shows(`input[name=body][value='half a "thought"']`).shows("input[name=key][value=mine]").
			shows("input[name=room][value='1']")
	}
	keepsDraft(ana.post("/emoji", draft).is(200).isPage().shows("[value='😀']")).hides("[hx-post='/emoji']")
	keepsDraft(ana.post("/emoji", append(draft, "q", "gato", "tone", "2")).is(200)).
		shows("[value='😺']").shows("[name=tone][value='2']")
	ana.post("/emoji", append(draft, "q", "there is none")).is(200).has("No emoji found for “there is none”.")
}
