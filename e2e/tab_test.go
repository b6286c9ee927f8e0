package e2e

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// tab is an open page of a user. Errors that the browser reports fail the test, unless they match a pattern of
// allowErrors.
type tab struct {
	*testing.T
	server *server
	addr   string // of the server, or of a proxy in front of it
	ctx    context.Context
	close  context.CancelFunc
	name   string

	mu        sync.Mutex // guards all below
	scripts   bool       // whether JavaScript is enabled
	problems  []string
	allowed   []*regexp.Regexp
	requests  map[network.RequestID]string // URLs of unfinished requests
	streaming map[network.RequestID]bool   // requests that are open streams
}

const password = "correct horse battery"

// newBrowser opens a tab in a browser context without cookies.
func (s *server) newBrowser() *tab {
	return s.newTab(browser, "anonymous", chromedp.WithNewBrowserContext())
}

// newUser registers a user through the form and waits for the chat.
func (s *server) newUser(name string) *tab {
	s.t.Helper()
	b := s.newBrowser()
	b.register(name)
	b.waitForPath("/chat")
	b.waitForStream()
	return b
}

// register fills in the registration form and presses Enter.
func (b *tab) register(name string) {
	b.Helper()
	b.name = name
	b.open("/register")
	b.fill("#name", name)
	b.fill("#email", emailOf(name))
	b.fill("#password", password)
	b.pressKeys("\r")
}

// logIn fills in the login form, which must be open, and presses Enter.
func (b *tab) logIn(name string) {
	b.Helper()
	b.name = name
	b.fill("#email", emailOf(name))
	b.fill("#password", password)
	b.pressKeys("\r")
}

// emailOf makes an e-mail address from a name.
func emailOf(name string) string {
	local := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	return local + "@example.org"
}

// anotherTab opens a second tab of the same user in the same browser.
func (b *tab) anotherTab() *tab { return b.server.newTab(b.ctx, b.name) }

// newTab opens a tab and begins to record what the browser reports.
func (s *server) newTab(parent context.Context, name string, options ...chromedp.ContextOption) *tab {
	s.t.Helper()
	b := &tab{T: s.t, server: s, addr: s.addr, name: name, scripts: true, requests: map[network.RequestID]string{},
		streaming: map[network.RequestID]bool{}}
	b.ctx, b.close = chromedp.NewContext(parent, append(options, chromedp.WithListener(b.onEvent))...)
	s.t.Cleanup(b.closeAndReport)
	if _, err := chromedp.Call(b.ctx, audits.Enable,
		cdp.Empty{}); err != nil { // the first call opens the tab, and must not have a deadline
		s.t.Fatal(err)
	}
	call(b, emulation.SetFocusEmulationEnabled,
		emulation.SetFocusEmulationEnabledParams{Enabled: true}) // so that every tab has the focus
	b.setSize(1280, 800)
	return b
}

// call calls the browser and fails the test on an error.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, waitTimeout)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.Fatalf("%s: %s: %v", b.name, command.Method, err)
	}
	return result
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// closeAndReport closes the tab and fails the test for every error that is not allowed.
func (b *tab) closeAndReport() {
	if b.Failed() && b.ctx.Err() == nil {
		b.saveFailureScreenshot()
	}
	b.close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		if !slices.ContainsFunc(b.allowed, func(r *regexp.Regexp) bool { return r.MatchString(p) }) {
			b.Errorf("the browser of %s reported: %s", b.name, p)
		}
	}
}

// closeTab closes the tab as its close button does.
func (b *tab) closeTab() {
	b.Helper()
	id := chromedp.FromContext(b.ctx).Target.TargetID
	if _, err := chromedp.CallBrowser(b.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
		b.Fatal(err)
	}
}

// setSize sets the size of the window in CSS pixels.
func (b *tab) setSize(width, height int64) {
	b.Helper()
	b.run(chromedp.EmulateViewport(width, height))
}

func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, waitTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.Fatalf("%s: %v", b.name, err)
	}
}

// open navigates to a path. The page without scripts never finishes loading.
func (b *tab) open(path string) {
	b.Helper()
	if failed := call(b, page.Navigate, page.NavigateParams{URL: "http://" + b.addr + path}).ErrorText; failed != "" {
		b.Fatalf("%s opens %s: %s", b.name, path, failed)
	}
	b.waitUntil("the page is loaded",
		`document.readyState === 'complete' || document.querySelector('noscript iframe') &&
		document.readyState === 'interactive'`)
}

// waitForPath waits until the path and query of the page are as given.
func (b *tab) waitForPath(path string) {
	b.Helper()
	b.waitUntil("the address is "+path,
		sprintf(`location.pathname + location.search === %s && document.readyState !== 'loading'`, asJSON(path)))
}

// eval evaluates an expression in the page.
func eval[T any](b *tab, script string) T {
	b.Helper()
	value, err := tryEval[T](b, script)
	if err != nil {
		b.Fatalf("%s: %s: %v", b.name, script, err)
	}
	return value
}

// tryEval is eval, but returns an error instead of failing the test.
func tryEval[T any](b *tab, script string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, waitTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](script))
}

// isTrue reports whether an expression is true now.
func (b *tab) isTrue(script string) bool {
	b.Helper()
	return eval[bool](b, "!!("+script+")")
}

// waitUntil waits until an expression is true. Errors are ignored meanwhile, because there is nothing to evaluate while
// one page replaces another.
func (b *tab) waitUntil(what, script string) {
	b.Helper()
	waitUntil(b.T, b.name+" sees that "+what, func() (bool, string) {
		ok, err := tryEval[bool](b, "!!("+script+")")
		if err != nil {
			return false, err.Error()
		}
		if ok {
			return true, ""
		}
		page, _ := tryEval[string](b, pageState)
		return false, page
	})
}

// pageState is a script for a summary of the page, for the error message of a failed test.
const pageState = `(t => location.href +
	(t ? ', the composer ' + (t.disabled ? 'disabled ' : '') + 'with ' + JSON.stringify(t.value.slice(-80)) : '') +
	', focus on ' + document.activeElement?.outerHTML.slice(0, 80) +
	'\n…' + document.body.innerText.slice(-600))(document.querySelector('#composer-text'))`

// inAnotherBrowser logs the same user in with another browser.
func (b *tab) inAnotherBrowser() *tab {
	b.Helper()
	other := b.server.newBrowser()
	other.open("/login")
	other.logIn(b.name)
	other.waitForPath("/chat")
	other.waitForStream()
	return other
}

// setOffline makes the browser believe that it has no network, or that it has one again.
func (b *tab) setOffline(yes bool) {
	b.Helper()
	call(b, network.EmulateNetworkConditionsByRule,
		network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
			{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1},
		}})
	call(b, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1,
		UploadThroughput: -1})
}
