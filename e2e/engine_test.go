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
	errorLog() *browserErrors

	// open shows an address in the window of a new person.
	open(url string) (window string)

	// evaluate returns the text that an expression in the page is.
	evaluate(window, expression string) (string, error)

	// performActions does what a source of input does, as WebDriver writes it.
	performActions(window string, source params)

	// setFiles takes files into the one field that a selector finds, as the dialog of the browser does.
	setFiles(window, selector string, paths []string)
}

type params map[string]any

// browserErrors are what a browser complained of. They fail the test, unless it tolerates them.
type browserErrors struct {
	*testing.T
	browser  string
	problems []string
	allowed  []*regexp.Regexp
}

func (c *browserErrors) allowErrors(pattern string) {
	c.allowed = append(c.allowed, regexp.MustCompile(pattern))
}

func (c *browserErrors) reportErrors() {
	for _, p := range c.problems {
		if !slices.ContainsFunc(c.allowed, func(r *regexp.Regexp) bool { return r.MatchString(p) }) {
			c.Errorf("%s complains: %s", c.browser, p)
		}
	}
}

// requireProgram finds a program that .ci/needs brings. Without it the test is left out, but not where everything must be tested.
func requireProgram(t *testing.T, name string) string {
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
