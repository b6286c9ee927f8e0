package handlers_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var listExpressions = flag.String("expressions", "", "write the client expressions and their lengths to this file")

// clientExpressions are the expressions in the attributes of rendered pages: the attribute in which each was found
// first, by expression.
type clientExpressions struct {
	alpine, models, filters, values map[string]string
}

// triggerFilter finds the filters in hx-trigger, such as [key=='Enter'].
var triggerFilter = regexp.MustCompile(`\[[^]]*\]`)

// collect adds the expressions of a page or fragment. Fragments in the templates of Alpine count too.
func (e clientExpressions) collect(t *testing.T, text string) {
	t.Helper()
	for n := range parseHTML(t, text).Descendants() {
		if n.Type == html.ElementNode {
			for _, a := range n.Attr {
				e.add(a.Key, a.Val)
			}
		}
	}
}

func (e clientExpressions) add(attribute, value string) {
	value = strings.Join(strings.Fields(value), " ") // line breaks and indentation do not count
	switch {
	case value == "":
	case strings.HasPrefix(attribute, "x-transition") || attribute == "x-ref":
	case attribute == "x-data":
		e.models[value] = attribute
	case attribute == "x-for": // only the list is an expression
		_, list, _ := strings.Cut(value, " in ")
		e.alpine[list] = attribute
	case strings.HasPrefix(attribute, "x-") || attribute[0] == '@' || attribute[0] == ':':
		e.alpine[value] = attribute
	case strings.HasPrefix(attribute, "hx-trigger"):
		for _, filter := range triggerFilter.FindAllString(value, -1) {
			e.filters[filter] = attribute
		}
	case strings.HasPrefix(attribute, "hx-vals") && strings.HasPrefix(value, "js:"):
		e.values[strings.TrimPrefix(value, "js:")] = attribute
	}
}

// total returns the length of all expressions in bytes.
func (e clientExpressions) total() (bytes int) {
	for _, group := range []map[string]string{e.alpine, e.models, e.filters, e.values} {
		for expression := range group {
			bytes += len(expression)
		}
	}
	return bytes
}

// The limits of client expressions.
const (
	maxExpressions = 5_164 // bytes of all different expressions
	maxExpression  = 120
	maxModel       = 200
)

// allowedValues are the names of the values of hx-vals that may be JavaScript: what the pages of the browser have stored,
// read for the page and read for the server, and the caret for a completion.
var allowedValues = []string{"all", "stored", "caret"}

// TestClientExpressions collects the Alpine expressions and htmx filters of all kinds of pages, parses them with the
// parser of the Alpine build that the pages load, and limits their lengths.
func TestClientExpressions(t *testing.T) {
	found := renderedExpressions(t)
	parseable := slices.Sorted(maps.Keys(found.alpine))
	parseable = append(parseable, slices.Sorted(maps.Keys(found.models))...)
	for i, problem := range parseExpressions(t, parseable) {
		if problem != "" {
			t.Errorf("%s: %s", parseable[i], problem)
		}
	}
	if len(parseable) < 60 {
		t.Errorf("only %d expressions were found", len(parseable))
	}
	if missing := found.missing(t); len(missing) > 0 {
		t.Errorf("no page has the expressions\n%s", strings.Join(missing, "\n"))
	}
	if total := found.total(); total > maxExpressions {
		t.Errorf("all expressions together have %d bytes, more than %d", total, maxExpressions)
	}
	if long := found.long(); len(long) > 0 {
		t.Errorf("%d expressions are too long:\n%s", len(long), strings.Join(long, "\n"))
	}
	for values := range found.values {
		if !slices.ContainsFunc(allowedValues, func(name string) bool { return strings.HasPrefix(values, "{ "+name+": ") }) {
			t.Errorf("hx-vals contains JavaScript: %s", values)
		}
	}
	if *listExpressions != "" {
		found.write(t, *listExpressions)
	}
}

// long returns the expressions and models that are longer than allowed.
func (e clientExpressions) long() (all []string) {
	for model := range e.models {
		if len(model) > maxModel {
			all = append(all, model)
		}
	}
	for _, group := range []map[string]string{e.alpine, e.filters, e.values} {
		for expression := range group {
			if len(expression) > maxExpression {
				all = append(all, expression)
			}
		}
	}
	return all
}

// renderedExpressions renders pages of all kinds, and the answers to htmx that carry expressions.
func renderedExpressions(t *testing.T) clientExpressions {
	s := openSQLite(t)
	found := clientExpressions{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	room, with := "room=1", berta.peerQuery()
	sent := ana.sendWithFiles(room, "two", ana.upload("a.png", blankPNG(t)), ana.upload("b.png", blankPNG(t)))
	ana.sendMessage(with, "hello")
	ana.upload("waits.txt", "text")
	for _, path := range []string{
		"/chat", "/chat?q=b", "/messages?" + room, "/messages?" + with, "/messages?room=1&before=2",
		"/messages/" + formatID(sent.ID), "/conversations", "/rooms", "/rooms/1", "/people", "/settings", "/bots",
		"/emoji?room=1", "/settings/delete",
	} {
		found.collect(t, ana.get(path).body)
	}
	for _, path := range []string{"/login", "/register"} {
		found.collect(t, s.anonymous().get(path).body)
	}
	files := ana.postParts("/files?"+room, []string{"<one.txt", "one"}, asHTMX)
	found.collect(t, files.body)
	for _, path := range []string{
		fmt.Sprintf("/messages/%d/pictures/%s", sent.ID, strings.TrimPrefix(sent.Files[0].URL, "/files/")), "/messages?" + room,
	} {
		found.collect(t, ana.get(path, asHTMX).body)
	}
	found.collect(t, ana.post("/messages", []string{"room", "1", "body", ":smilee:", "key", "k1"}, asHTMX).body)
	found.collect(t, ana.post("/emoji", []string{"room", "1", "emoji", "🎉"}, asHTMX).body)
	found.collect(t, ana.listen("/events?"+with, "Last-Event-ID: 0").waitFor("draft-response").data)
	found.collect(t, queueAnswers(t, ana))
	s.exec(`INSERT INTO page_slots (session_id, slot, page, used_at) SELECT MIN(id), 63, 'closed', 1 FROM sessions WHERE 1 = 1
		ON CONFLICT (session_id, slot) DO UPDATE SET page = 'closed', used_at = 1`)
	closed := map[string]string{slotOf(ana.user, 0): "{}", slotOf(ana.user, 63): `{"gone-message-OLD-1":"1"}`}
	found.collect(t, ana.post("/messages/queue", queueForm(t, ana.user, closed), asHTMX).body)
	found.collect(t, ana.post("/complete", []string{"room", "1", "body", "@"}, asHTMX).is(200).body)
	found.collect(t, ana.postParts("/files?"+room, []string{"<huge.png", hugePNG(50_000)}, asHTMX).body)
	found.collect(t, ana.post(fmt.Sprintf("/messages/%d/edit", sent.ID), []string{"body", "three"}, asHTMX).body)
	for i := range 10 {
		s.newUser(fmt.Sprint("Reader ", i))
	}
	found.collect(t, ana.post("/messages", []string{"room", "1", "body", "@channel", "key", "k2"}).is(422).body)
	found.collect(t, ana.post("/logout", nil, asHTMX).body)
	return found
}

// templateExpression finds an expression in the source of a template.
var templateExpression = regexp.MustCompile(`\s(x-(?:on|init|data|effect|if|bind|model|text|show)[^\s=]*)="([^"]*)"`)

// missing returns the expressions of the templates that no rendered page contains.
func (e clientExpressions) missing(t *testing.T) (all []string) {
	t.Helper()
	templates, err := filepath.Glob("../views/*.templ")
	if err != nil || len(templates) == 0 {
		t.Fatal("no templates", err)
	}
	for _, name := range templates {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range templateExpression.FindAllStringSubmatch(string(source), -1) {
			expression := strings.Join(strings.Fields(found[2]), " ")
			if e.alpine[expression] == "" && e.models[expression] == "" && expression != "" {
				all = append(all, name+": "+found[1]+": "+expression)
			}
		}
	}
	return all
}

// parseExpressions parses expressions with the vendored Alpine build and returns the error of each, or "".
func parseExpressions(t *testing.T, expressions []string) (problems []string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "" {
			t.Skip("node is not installed")
		}
		t.Fatal(err)
	}
	input, err := json.Marshal(expressions)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "testdata/parse_expressions.cjs", "../static/vendor/alpine-csp.min.js")
	node.Stdin = bytes.NewReader(input)
	output, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	if err := json.Unmarshal(output, &problems); err != nil || len(problems) != len(expressions) {
		t.Fatalf("node answered %q: %v", output, err)
	}
	return problems
}

// TestParserRefuses checks that the parser of the test refuses what Alpine's CSP build cannot evaluate.
func TestParserRefuses(t *testing.T) {
	for i, problem := range parseExpressions(t, []string{"a = b", "a; b", "a += 1", "() => a", "a?.b"}) {
		if (problem == "") != (i == 0) {
			t.Errorf("expression %d: %q", i, problem)
		}
	}
}

// write writes a Markdown table of the expressions.
func (e clientExpressions) write(t *testing.T, file string) {
	var out strings.Builder
	fmt.Fprintf(&out, "# Client expressions: %d bytes\n\n| Length | Attribute | Expression |\n|---|---|---|\n", e.total())
	for _, group := range []map[string]string{e.models, e.alpine, e.filters, e.values} {
		for _, expression := range slices.Sorted(maps.Keys(group)) {
			shown := strings.NewReplacer("|", "\\|", "\n", " ").Replace(expression)
			fmt.Fprintf(&out, "| %d | `%s` | `%s` |\n", len(expression), group[expression], shown)
		}
	}
	if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// blankPNG returns a small picture.
func blankPNG(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
