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

// tab is one open page of a person. Whatever the browser complains of fails the test, unless the test said before that
// it will.
type tab struct {
	*testing.T
	server *server
	addr   string // how the person reaches the site
	ctx    context.Context
	close  context.CancelFunc
	name   string

	mu        sync.Mutex // guards all below
	scripts   bool       // whether the browser runs scripts
	problems  []string
	allowed   []*regexp.Regexp
	requests  map[network.RequestID]string // what the page asked for and did not get whole yet
	streaming map[network.RequestID]bool   // streams that have begun
}

const password = "correct horse battery"

// newBrowser opens a browser that Charla has never seen.
func (s *server) newBrowser() *tab {
	return s.newTab(browser, "a stranger", chromedp.WithNewBrowserContext())
}

// newUser is somebody who registers through the form and lands in the chat.
func (s *server) newUser(name string) *tab {
	s.t.Helper()
	b := s.newBrowser()
	b.register(name)
	b.waitForPath("/chat")
	b.waitForStream()
	return b
}

// register fills in the form and sends it by Enter.
func (b *tab) register(name string) {
	b.Helper()
	b.name = name
	b.open("/register")
	b.fill("#name", name)
	b.fill("#email", emailOf(name))
	b.fill("#password", password)
	b.pressKeys("\r")
}

// logIn is for somebody who registered, and stands at the form.
func (b *tab) logIn(name string) {
	b.Helper()
	b.name = name
	b.fill("#email", emailOf(name))
	b.fill("#password", password)
	b.pressKeys("\r")
}

// emailOf makes an address out of a name.
func emailOf(name string) string {
	local := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	return local + "@example.org"
}

// anotherTab opens a second tab of the same person.
func (b *tab) anotherTab() *tab { return b.server.newTab(b.ctx, b.name) }

func (s *server) newTab(parent context.Context, name string, options ...chromedp.ContextOption) *tab {
	s.t.Helper()
	b := &tab{T: s.t, server: s, addr: s.addr, name: name, scripts: true, requests: map[network.RequestID]string{}, streaming: map[network.RequestID]bool{}}
	b.ctx, b.close = chromedp.NewContext(parent, append(options, chromedp.WithListener(b.onEvent))...)
	s.t.Cleanup(b.closeAndReport)
	if _, err := chromedp.Call(b.ctx, audits.Enable, cdp.Empty{}); err != nil { // the first call opens the tab, and ends it where it has a deadline
		s.t.Fatal(err)
	}
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // every tab is in front
	b.setSize(1280, 800)
	return b
}

// call calls the browser and fails the test when it refuses.
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

func (b *tab) closeAndReport() {
	if b.Failed() && b.ctx.Err() == nil {
		b.saveFailureScreenshot()
	}
	b.close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		if !slices.ContainsFunc(b.allowed, func(r *regexp.Regexp) bool { return r.MatchString(p) }) {
			b.Errorf("the browser of %s complains: %s", b.name, p)
		}
	}
}

// closeTab closes the tab, as its cross does.
func (b *tab) closeTab() {
	b.Helper()
	id := chromedp.FromContext(b.ctx).Target.TargetID
	if _, err := chromedp.CallBrowser(b.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
		b.Fatal(err)
	}
}

// setSize gives the window a size, 1:1.
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

// open goes to a path, as if typed into the address bar. The page without scripts never ends to load.
func (b *tab) open(path string) {
	b.Helper()
	if failed := call(b, page.Navigate, page.NavigateParams{URL: "http://" + b.addr + path}).ErrorText; failed != "" {
		b.Fatalf("%s opens %s: %s", b.name, path, failed)
	}
	b.waitUntil("the page is there", `document.readyState === 'complete' || document.querySelector('noscript iframe') && document.readyState === 'interactive'`)
}

// waitForPath waits for an address.
func (b *tab) waitForPath(path string) {
	b.Helper()
	b.waitUntil("the address is "+path, sprintf(`location.pathname + location.search === %s && document.readyState !== 'loading'`, asJSON(path)))
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

// tryEval is ask for those who can live without an answer.
func tryEval[T any](b *tab, script string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, waitTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](script))
}

// isTrue tells whether an expression holds now.
func (b *tab) isTrue(script string) bool {
	b.Helper()
	return eval[bool](b, "!!("+script+")")
}

// waitUntil waits until an expression holds. While a page gives way to the next there is nothing to ask.
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

// pageState is what a page looks like to somebody who wonders why a test failed.
const pageState = `(t => location.href + (t ? ', the box ' + (t.disabled ? 'disabled ' : '') + 'with ' + JSON.stringify(t.value.slice(-80)) : '') +
	', focus on ' + document.activeElement?.outerHTML.slice(0, 80) + '\n…' + document.body.innerText.slice(-600))(document.querySelector('#composer-text'))`

// inAnotherBrowser is the same person with another browser.
func (b *tab) inAnotherBrowser() *tab {
	b.Helper()
	other := b.server.newBrowser()
	other.open("/login")
	other.logIn(b.name)
	other.waitForPath("/chat")
	other.waitForStream()
	return other
}

// setOffline makes the browser believe that it has no network, or has it again.
func (b *tab) setOffline(yes bool) {
	b.Helper()
	call(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
		{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1},
	}})
	call(b, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1})
}
