package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"
)

// engine is a browser other than Chromium. Firefox and WebKit have different protocols, but both describe input as
// WebDriver does.
type engine interface {
	// errorLog returns the errors that the browser has reported.
	errorLog() *browserErrors

	// open opens a URL in a window of its own, without cookies.
	open(url string) (window string)

	// evaluate returns the value of an expression in the page, which must be a string.
	evaluate(window, expression string) (string, error)

	// performActions performs the actions of an input source, in the format of WebDriver.
	performActions(window string, source params)

	// setFiles chooses files in the only file input that a selector finds, as the file dialog does.
	setFiles(window, selector string, paths []string)
}

type params map[string]any

// browserErrors collects the errors that a browser reports. They fail the test, unless they match one of the allowed
// patterns.
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
			c.Errorf("%s reported: %s", c.browser, p)
		}
	}
}

// requireProgram finds a program that .ci/needs installs. Without it the test is skipped, or fails in CI.
func requireProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%v; .ci/needs installs it", err)
	}
	t.Skipf("%v; .ci/needs installs it", err)
	return ""
}
