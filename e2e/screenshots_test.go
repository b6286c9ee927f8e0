package e2e

import (
	"bufio"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "a directory for the pictures of the README, chat-light.png and chat-dark.png")

// TestScreenshots takes the pictures of the README from the running program: an afternoon in a neighbourhood.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("asked for by -screenshots DIRECTORY")
	}
	dir, err := filepath.Abs(filepath.Join("..", *screenshots))
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	people := map[string]program{}
	for _, name := range []string{"Nora Lindqvist", "Mateo Ruiz", "Amara Okafor", "Jun Watanabe", "Léa Fontaine", "Tom Becker"} {
		people[name] = s.program(name)
		people[name].stay()
	}
	me := s.newcomer("Ines Duarte") // the seventh to register
	for _, line := range []struct{ who, place, text string }{
		{"Tom Becker", "room=1", "The seedlings are here! Crates by the gate, help yourselves."},
		{"Jun Watanabe", "room=1", "Taking two of the tomatoes, thank you 🍅"},
		{"Léa Fontaine", "room=1", "Is somebody at the workshop tonight?"},
		{"Amara Okafor", "with=7", "Could you bring the long ladder on Saturday?"},
		{"Mateo Ruiz", "with=7", "Hi Ines! Did you get the key to the greenhouse?"},
		{"Ines Duarte", "with=2", "Yes, Nora left it with me this morning."},
		{"Mateo Ruiz", "with=7", "Perfect. I'd like to water before the heat comes."},
		{"Mateo Ruiz", "with=7", "And the forecast says *34 °C* on Thursday 😅"},
		{"Ines Duarte", "with=2", "Then let's open the roof windows tonight. I can be there at seven."},
		{"Ines Duarte", "with=2", "The plan for the summer is here, by the way:\nhttps://garden.example.org/plan/summer"},
		{"Mateo Ruiz", "with=7", "Nice! I see we are growing beans again."},
		{"Ines Duarte", "with=2", "Always. What would Tom do without his beans?"},
		{"Mateo Ruiz", "with=7", "Two rows of them, at least."},
		{"Mateo Ruiz", "with=7", "See you at seven, then. I'll bring lemonade."},
	} {
		who := people[line.who]
		if line.who == me.name {
			who = me.program()
		}
		who.write(line.place, line.text)
	}
	photo := people["Mateo Ruiz"].keeps("image/jpeg", newAlbum(t).jpeg("greenhouse.jpg", 1200, 600, 0), "")
	people["Mateo Ruiz"].sends("/messages", url.Values{"with": {"7"}, "body": {"The view from up there"}, "file": {photo}})
	for _, by := range []program{people["Mateo Ruiz"], me.program()} {
		by.send("/messages/9/reactions", url.Values{"emoji": {"👍"}})
	}
	people["Mateo Ruiz"].send("/messages/12/reactions", url.Values{"emoji": {"😂"}})
	me.program().send("/messages/10/edit", url.Values{"body": {"The plan for the summer is here, by the way:\nhttps://garden.example.org/plan/summer-2026"}})
	me.open("/messages?with=2")
	me.live()
	me.until("everything is there", say(`%s.length === 11 && document.querySelector('.picture__image').naturalWidth && document.querySelectorAll('#here a').length === 7`, lines))
	people["Mateo Ruiz"].send("/typing", url.Values{"with": {"7"}, "body": {"And"}})
	me.until("Mateo is writing", `document.querySelector('#typing').innerText`)
	for _, theme := range []string{"light", "dark"} {
		me.paint(theme)
		picture, err := chromedp.Run(me.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "chat-"+theme+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// stay holds a stream open, so that the person is here.
func (p program) stay() {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), http.MethodGet, p.site.url("/events"), nil)
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Cookie", p.cookie)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { answer.Body.Close() })
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); err != nil || !strings.HasPrefix(line, "data:") {
		p.Fatalf("the stream begins with %q, %v", line, err)
	}
}
