package e2e

import (
	"context"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "",
	"a directory for the pictures of the README, chat-light.png and chat-dark.png")

// TestScreenshots makes the screenshots of the README with the real server.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("asked for by -screenshots DIRECTORY")
	}
	dir, err := filepath.Abs(filepath.Join("..", *screenshots))
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t)
	people := map[string]apiUser{}
	for _, name := range []string{"Nora Lindqvist", "Mateo Ruiz", "Amara Okafor", "Jun Watanabe", "Léa Fontaine",
		"Tom Becker"} {
		people[name] = s.newAPIUser(name)
		people[name].holdStream()
	}
	me := s.newUser("Ines Duarte") // the seventh to register
	for _, line := range []struct{ who, conversation, text string }{
		{"Tom Becker", "room=1", "The seedlings are here! Crates by the gate, help yourselves."},
		{"Jun Watanabe", "room=1", "Taking two of the tomatoes, thank you 🍅"},
		{"Léa Fontaine", "room=1", "Is somebody at the workshop tonight?"},
		{"Amara Okafor", "with=7", "Could you bring the long ladder on Saturday?"},
		{"Mateo Ruiz", "with=7", "Hi Ines! Did you get the key to the greenhouse?"},
		{"Ines Duarte", "with=2", "Yes, Nora left it with me this morning."},
		{"Mateo Ruiz", "with=7", "Perfect. I'd like to water before the heat comes."},
		{"Mateo Ruiz", "with=7", "And the forecast says *34 °C* on Thursday 😅"},
		{"Ines Duarte", "with=2", "Then let's open the roof windows tonight. I can be there at seven."},
		{"Ines Duarte", "with=2",
			"The plan for the summer is here, by the way:\nhttps://garden.example.org/plan/summer"},
		{"Mateo Ruiz", "with=7", "Nice! I see we are growing beans again."},
		{"Ines Duarte", "with=2", "Always. What would Tom do without his beans?"},
		{"Mateo Ruiz", "with=7", "Two rows of them, at least."},
		{"Mateo Ruiz", "with=7", "See you at seven, then. I'll bring lemonade."},
	} {
		who := people[line.who]
		if line.who == me.name {
			who = me.api()
		}
		who.postMessages(line.conversation, line.text)
	}
	photo := people["Mateo Ruiz"].uploadFile("image/jpeg", newSampleFiles(t).jpeg("greenhouse.jpg", 1200, 600, 0), "")
	people["Mateo Ruiz"].mustPost("/messages", url.Values{"with": {"7"}, "body": {"The view from up there"},
		"file": {photo}})
	for _, by := range []apiUser{people["Mateo Ruiz"], me.api()} {
		by.post("/messages/9/reactions", url.Values{"emoji": {"👍"}})
	}
	people["Mateo Ruiz"].post("/messages/12/reactions", url.Values{"emoji": {"😂"}})
	me.api().post("/messages/10/edit",
		url.Values{"body": {"The plan for the summer is here, by the way:\nhttps://garden.example.org/plan/summer-2026"}})
	me.open("/messages?with=2")
	me.waitForStream()
	me.waitUntil("everything is loaded",
		sprintf(`%s.length === 11 && document.querySelector('.picture__image').naturalWidth &&
		document.querySelectorAll('#online-list a').length === 7`, messageTexts))
	people["Mateo Ruiz"].post("/drafts", url.Values{"with": {"7"}, "body": {"And"}})
	me.waitUntil("Mateo is writing", `document.querySelector('#typing').innerText`)
	for _, theme := range []string{"light", "dark"} {
		me.emulateColorScheme(theme)
		picture, err := chromedp.Run(me.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "chat-"+theme+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// saveScreenshot saves a screenshot of the tab in the directory that the environment variable SHOTS names, if it is
// set.
func (b *tab) saveScreenshot(name string) {
	b.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
}

// saveFailureScreenshot saves a screenshot of the tab after the test failed; see go test -artifacts.
func (b *tab) saveFailureScreenshot() {
	ctx, cancel := context.WithTimeout(b.ctx, waitTimeout)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return
	}
	file := filepath.Join(b.ArtifactDir(), strings.ReplaceAll(b.name, " ", "-")+".png")
	if os.WriteFile(file, picture, 0o644) == nil {
		b.Logf("what %s saw last: %s", b.name, file)
	}
}
