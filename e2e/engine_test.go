package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"
)

// engine is a browser other than Chromium, as far as a story needs it. Firefox and WebKit are spoken to in two protocols, which
// agree on what a hand does.
type engine interface {
	noted() *complaints

	// open shows an address in the window of a new person.
	open(url string) (window string)

	// evaluate returns the text that an expression in the page is.
	evaluate(window, expression string) (string, error)

	// act does what a source of input does, as WebDriver writes it.
	act(window string, source params)

	// choose takes files into the one field that a selector finds, as the dialog of the browser does.
	choose(window, selector string, paths []string)
}

type params map[string]any

// complaints are what a browser complained of. They fail the test, unless it tolerates them.
type complaints struct {
	*testing.T
	browser   string
	problems  []string
	tolerated []*regexp.Regexp
}

func (c *complaints) tolerate(pattern string) {
	c.tolerated = append(c.tolerated, regexp.MustCompile(pattern))
}

func (c *complaints) report() {
	for _, p := range c.problems {
		if !slices.ContainsFunc(c.tolerated, func(r *regexp.Regexp) bool { return r.MatchString(p) }) {
			c.Errorf("%s complains: %s", c.browser, p)
		}
	}
}

// installed finds a program that .ci/needs brings. Without it the test is left out, but not where everything must be tested.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%v; .ci/needs brings it", err)
	}
	t.Skipf("%v; .ci/needs brings it", err)
	return ""
}
