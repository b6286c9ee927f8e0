package handlers_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestManifestMakesTheChatInstallable checks what browsers require of a web app manifest: that every page links to it,
// and that its icons are PNG files of the sizes it says. The name of the community may contain any character.
func TestManifestMakesTheChatInstallable(t *testing.T) {
	s := openSQLite(t)
	ana := s.newUser("Ana")
	const name = `"Ajedrez" </script> & té`
	s.exec(`UPDATE community SET name = $1`, name)
	for _, b := range []*client{s.anonymous(), ana} {
		path := map[bool]string{true: "/login", false: "/chat"}[b.user.ID == 0]
		page := b.get(path)
		for _, part := range []string{
			`<link rel="manifest" href="/manifest.webmanifest">`, `<link rel="apple-touch-icon" href="/static/apple-touch-icon.`,
		} {
			if !strings.Contains(page.body, part) {
				t.Errorf("%s does not contain %s", path, part)
			}
		}
		if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "manifest-src 'self'") {
			t.Errorf("%s forbids manifests: %s", path, policy)
		}
	}
	a := s.anonymous().get("/manifest.webmanifest", "Accept: */*", "Accept-Language: es")
	equal(t, "the media type", a.header.Get("Content-Type"), "application/manifest+json")
	var m struct {
		Name        string
		ShortName   string `json:"short_name"`
		StartURL    string `json:"start_url"`
		Scope       string
		Display     string
		Theme       string `json:"theme_color"`
		Background  string `json:"background_color"`
		Description string
		Icons       []struct{ Src, Sizes, Type, Purpose string }
	}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	equal(t, "the name", m.Name, name)
	equal(t, "the short name", m.ShortName, name)
	equal(t, "the way it opens", m.StartURL+" in "+m.Scope+" "+m.Display, "/chat in / standalone")
	if !strings.HasPrefix(m.Description, "El chat de ") || !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(m.Theme) ||
		m.Background == "" {
		t.Errorf("the manifest is %s", a.body)
	}
	found := map[string]bool{}
	for _, icon := range m.Icons {
		file := s.anonymous().get(icon.Src, "Accept: */*")
		equal(t, "the type of "+icon.Src, file.header.Get("Content-Type"), icon.Type)
		if icon.Type == "image/png" {
			picture, err := png.DecodeConfig(strings.NewReader(file.body))
			width, _, _ := strings.Cut(icon.Sizes, "x")
			if err != nil || icon.Sizes != width+"x"+width || strconv.Itoa(picture.Width) != width ||
				picture.Height != picture.Width {
				t.Errorf("%s is %dx%d, %v; the manifest says %s", icon.Src, picture.Width, picture.Height, err, icon.Sizes)
			}
			found[icon.Sizes+" "+icon.Purpose] = true
		}
	}
	for _, needed := range []string{"192x192 any", "512x512 any", "512x512 maskable"} {
		if !found[needed] {
			t.Errorf("the manifest has no PNG icon %s", needed)
		}
	}
}

func TestDescriptionInTheLanguageOfThePage(t *testing.T) {
	s := openSQLite(t)
	for language, want := range map[string]string{
		"en": `<meta name="description" content="The chat of Charla: `,
		"es": `<meta name="description" content="El chat de Charla: `,
	} {
		if page := s.anonymous().get("/login", "Accept-Language: "+language); !strings.Contains(page.body, want) {
			t.Errorf("in the language %s the page does not contain %s", language, want)
		}
	}
}

// TestFavicon checks that the file is an ICO file whose entries are PNG files.
func TestFavicon(t *testing.T) {
	a := openSQLite(t).anonymous().get("/favicon.ico", "Accept: image/*")
	equal(t, "the media type", a.header.Get("Content-Type"), "image/x-icon")
	icon := []byte(a.body)
	if len(icon) < 22 || !bytes.HasPrefix(icon, []byte{0, 0, 1, 0}) {
		t.Fatalf("the file begins with % x", icon[:min(len(icon), 22)])
	}
	offset := int(icon[18]) | int(icon[19])<<8
	if _, err := png.Decode(bytes.NewReader(icon[offset:])); err != nil {
		t.Error(err)
	}
}

// TestRobots checks that crawlers may read the sign-in page, and nothing that needs a session.
func TestRobots(t *testing.T) {
	a := openSQLite(t).anonymous().get("/robots.txt", "Accept: */*")
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Errorf("the media type is %s", a.header.Get("Content-Type"))
	}
	for _, line := range []string{"User-agent: *", "Allow: /login$", "Disallow: /"} {
		if !strings.Contains("\n"+a.body, "\n"+line+"\n") {
			t.Errorf("robots.txt has no line %s:\n%s", line, a.body)
		}
	}
}

// TestSecurityTxt checks the fields that RFC 9116 requires.
func TestSecurityTxt(t *testing.T) {
	base, _ := url.Parse("https://chat.example.org")
	s := openSQLite(t, func(o *serverOptions) {
		o.SecurityContact, o.BaseURL = "mailto:security@example.org", base
	})
	a := s.anonymous().get("/.well-known/security.txt", "Accept: */*", "Host: chat.example.org")
	for _, line := range []string{
		"Contact: mailto:security@example.org", "Canonical: https://chat.example.org/.well-known/security.txt",
	} {
		if !strings.Contains("\n"+a.body, "\n"+line+"\n") {
			t.Errorf("security.txt has no line %s:\n%s", line, a.body)
		}
	}
	field := regexp.MustCompile(`(?m)^Expires: (.+)$`).FindStringSubmatch(a.body)
	if field == nil {
		t.Fatalf("security.txt has no expiry:\n%s", a.body)
	}
	expires, err := time.Parse(time.RFC3339, field[1])
	if left := time.Until(expires); err != nil || left < 30*24*time.Hour || left > 365*24*time.Hour {
		t.Errorf("security.txt expires at %s, %v", field[1], err)
	}
	if got := openSQLite(t).anonymous().get("/.well-known/security.txt").status; got != 404 {
		t.Errorf("without a contact the status is %d", got)
	}
}

// TestChangePasswordURL follows the redirect of the well-known URL to the form for a new password.
func TestChangePasswordURL(t *testing.T) {
	s := openSQLite(t)
	ana := s.newUser("Ana")
	a := ana.get("/.well-known/change-password")
	path, id, _ := strings.Cut(a.header.Get("Location"), "#")
	if a.status != 302 || !strings.Contains(ana.get(path).body, `id="`+id+`"`) {
		t.Errorf("status %d, location %s", a.status, a.header.Get("Location"))
	}
	if other := s.anonymous().get(path); other.header.Get("Location") != "/login?next="+url.QueryEscape(path) {
		t.Errorf("without a session the form leads to %s", other.header.Get("Location"))
	}
}
