package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// tab is one open page of a person. Whatever the browser complains of fails the test, unless the test said before that
// it will.
type tab struct {
	*testing.T
	site  *server
	addr  string // how the person reaches the site
	ctx   context.Context
	close context.CancelFunc
	name  string

	mu        sync.Mutex // guards all below
	scripts   bool       // whether the browser runs scripts
	problems  []string
	tolerated []*regexp.Regexp
	asked     map[network.RequestID]string // what the page asked for and did not get whole yet
	streaming map[network.RequestID]bool   // streams that have begun
}

const password = "correct horse battery"

// stranger opens a browser that Charla has never seen.
func (s *server) stranger() *tab {
	return s.newTab(browser, "a stranger", chromedp.WithNewBrowserContext())
}

// newcomer is somebody who registers through the form and lands in the chat.
func (s *server) newcomer(name string) *tab {
	s.t.Helper()
	b := s.stranger()
	b.register(name)
	b.at("/chat")
	b.live()
	return b
}

// register fills in the form and sends it by Enter.
func (b *tab) register(name string) {
	b.Helper()
	b.name = name
	b.open("/register")
	b.fill("#name", name)
	b.fill("#email", email(name))
	b.fill("#password", password)
	b.press("\r")
}

// logIn is for somebody who registered, and stands at the form.
func (b *tab) logIn(name string) {
	b.Helper()
	b.name = name
	b.fill("#email", email(name))
	b.fill("#password", password)
	b.press("\r")
}

// email makes an address out of a name.
func email(name string) string {
	local := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	return local + "@example.org"
}

// another opens a second tab of the same person.
func (b *tab) another() *tab { return b.site.newTab(b.ctx, b.name) }

func (s *server) newTab(parent context.Context, name string, options ...chromedp.ContextOption) *tab {
	s.t.Helper()
	b := &tab{T: s.t, site: s, addr: s.addr, name: name, scripts: true, asked: map[network.RequestID]string{}, streaming: map[network.RequestID]bool{}}
	b.ctx, b.close = chromedp.NewContext(parent, append(options, chromedp.WithListener(b.hear))...)
	s.t.Cleanup(b.finish)
	if _, err := chromedp.Call(b.ctx, audits.Enable, cdp.Empty{}); err != nil { // the first call opens the tab, and ends it where it has a deadline
		s.t.Fatal(err)
	}
	do(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // every tab is in front
	b.size(1280, 800)
	return b
}

// do calls the browser and fails the test when it refuses.
func do[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.Fatalf("%s: %s: %v", b.name, command.Method, err)
	}
	return result
}

// hear notes what the browser complains of: errors, exceptions, reports of the security policy, dialogs, and requests
// to anybody but the program.
func (b *tab) hear(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complain("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			b.complain("console.%s: %s", e.Type, arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		b.complain("exception: %s %s", e.ExceptionDetails.Text, arguments([]*runtime.RemoteObject{e.ExceptionDetails.Exception}))
	case *audits.EventIssueAdded:
		if e.Issue.Details.ContentSecurityPolicyIssueDetails != nil {
			b.complain("policy violated: %s", asJSON(e.Issue.Details.ContentSecurityPolicyIssueDetails))
		}
	case *page.EventJavascriptDialogOpening:
		b.complain("dialog: %s", e.Message)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" && !strings.HasPrefix(u.Host, "127.0.0.1:") && e.Request.URL != "about:blank" {
			b.complain("request to a stranger: %s", e.Request.URL)
		}
	}
	b.count(event)
}

// count keeps account of the streams that the page holds.
func (b *tab) count(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			clear(b.asked)
			clear(b.streaming)
		}
	case *network.EventRequestWillBeSent:
		if b.scripts && strings.Contains(e.Request.URL, "/messages/live") {
			b.problems = append(b.problems, "the list for browsers without scripts is loaded: "+e.Request.URL)
		}
		b.asked[e.RequestID] = e.Request.URL
	case *network.EventResponseReceived:
		if strings.Contains(b.asked[e.RequestID], "/events") && e.Response.Status == 200 {
			b.streaming[e.RequestID] = true
		}
	case *network.EventLoadingFinished:
		delete(b.asked, e.RequestID)
		delete(b.streaming, e.RequestID)
	case *network.EventLoadingFailed:
		delete(b.asked, e.RequestID)
		delete(b.streaming, e.RequestID)
	}
}

// streams are the addresses of the streams that are open.
func (b *tab) streams() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []string
	for id := range b.streaming {
		open = append(open, strings.TrimPrefix(b.asked[id], "http://"+b.addr))
	}
	return open
}

// live waits until the page has its one stream: whatever happens from now on, it will be told.
func (b *tab) live() {
	b.Helper()
	until(b.T, b.name+" has one stream", func() (bool, string) {
		open := b.streams()
		return len(open) == 1, fmt.Sprintf("%q", open)
	})
}

func arguments(args []*runtime.RemoteObject) string {
	var texts []string
	for _, a := range args {
		if a == nil {
			continue
		}
		texts = append(texts, string(a.Value)+a.Description)
	}
	return strings.Join(texts, " ")
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (b *tab) complain(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// tolerate names complaints that the test provokes.
func (b *tab) tolerate(patterns ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range patterns {
		b.tolerated = append(b.tolerated, regexp.MustCompile(p))
	}
}

// noServer is what a browser says when the program is away.
const noServer = `net::ERR_(CONNECTION_|SOCKET_NOT_CONNECTED|INCOMPLETE_CHUNKED|INTERNET_DISCONNECTED|EMPTY_RESPONSE|NETWORK_)|Failed to fetch|network error`

func (b *tab) finish() {
	if b.Failed() && b.ctx.Err() == nil {
		b.photograph()
	}
	b.close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		if !slices.ContainsFunc(b.tolerated, func(r *regexp.Regexp) bool { return r.MatchString(p) }) {
			b.Errorf("the browser of %s complains: %s", b.name, p)
		}
	}
}

// photograph keeps what the tab showed when the test failed: go test -artifacts.
func (b *tab) photograph() {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
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

// leave closes the tab, as its cross does.
func (b *tab) leave() {
	b.Helper()
	id := chromedp.FromContext(b.ctx).Target.TargetID
	if _, err := chromedp.CallBrowser(b.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
		b.Fatal(err)
	}
}

// size gives the window a size, 1:1.
func (b *tab) size(width, height int64) {
	b.Helper()
	b.run(chromedp.EmulateViewport(width, height))
}

func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.Fatalf("%s: %v", b.name, err)
	}
}

// open goes to a path, as if typed into the address bar. The page without scripts never ends to load.
func (b *tab) open(path string) {
	b.Helper()
	if failed := do(b, page.Navigate, page.NavigateParams{URL: "http://" + b.addr + path}).ErrorText; failed != "" {
		b.Fatalf("%s opens %s: %s", b.name, path, failed)
	}
	b.until("the page is there", `document.readyState === 'complete' || document.querySelector('noscript iframe') && document.readyState === 'interactive'`)
}

// at waits for an address.
func (b *tab) at(path string) {
	b.Helper()
	b.until("the address is "+path, say(`location.pathname + location.search === %s && document.readyState !== 'loading'`, asJSON(path)))
}

// ask evaluates an expression in the page.
func ask[T any](b *tab, script string) T {
	b.Helper()
	value, err := look[T](b, script)
	if err != nil {
		b.Fatalf("%s: %s: %v", b.name, script, err)
	}
	return value
}

// look is ask for those who can live without an answer.
func look[T any](b *tab, script string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](script))
}

// is tells whether an expression holds now.
func (b *tab) is(script string) bool {
	b.Helper()
	return ask[bool](b, "!!("+script+")")
}

// until waits until an expression holds. While a page gives way to the next there is nothing to ask.
func (b *tab) until(what, script string) {
	b.Helper()
	until(b.T, b.name+" sees that "+what, func() (bool, string) {
		ok, err := look[bool](b, "!!("+script+")")
		if err != nil {
			return false, err.Error()
		}
		if ok {
			return true, ""
		}
		page, _ := look[string](b, state)
		return false, page
	})
}

// state is what a page looks like to somebody who wonders why a test failed.
const state = `(t => location.href + (t ? ', the box ' + (t.disabled ? 'disabled ' : '') + 'with ' + JSON.stringify(t.value.slice(-80)) : '') +
	', focus on ' + document.activeElement?.outerHTML.slice(0, 80) + '\n…' + document.body.innerText.slice(-600))(document.querySelector('#text'))`

// spot is a place in the window to click at: the middle of the first match that is not covered by anything.
const spot = `(sel => {
	for (const e of document.querySelectorAll(sel)) {
		e.scrollIntoView({block: 'nearest'})
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2
		const top = r.width && document.elementFromPoint(x, y)
		if (top && (e.contains(top) || top.contains(e) && top.tagName === 'LABEL')) return [x, y]
	}
	return []
})(%s)`

// click presses the mouse on an element, once it can be reached.
func (b *tab) click(selector string) {
	b.Helper()
	var xy []float64
	until(b.T, b.name+" can click "+selector, func() (bool, string) {
		var err error
		xy, err = look[[]float64](b, say(spot, asJSON(selector)))
		return err == nil && len(xy) == 2, fmt.Sprint(xy, err)
	})
	b.run(chromedp.MouseClickXY(xy[0], xy[1]))
}

// fill clicks into a field and types.
func (b *tab) fill(selector, text string) {
	b.Helper()
	b.click(selector)
	b.typ(text)
}

// typ puts text where the caret is, as a keyboard or a paste does.
func (b *tab) typ(text string) {
	b.Helper()
	do(b, input.InsertText, input.InsertTextParams{Text: text})
}

// press presses keys: "\r" is Enter.
func (b *tab) press(keys string, modifiers ...chromedp.Modifier) {
	b.Helper()
	for _, key := range keys {
		if key == '\r' {
			b.enter(modifiers...)
			continue
		}
		b.run(chromedp.KeyEvent(string(key), chromedp.KeyModifiers(modifiers...)))
	}
}

// enter sends the key and its character as one event, as a keyboard does. Apart, the character may come so late that it
// falls into the next, empty box.
func (b *tab) enter(modifiers ...chromedp.Modifier) {
	b.Helper()
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13}
	for _, m := range modifiers {
		key.Modifiers |= int64(m)
	}
	do(b, input.DispatchKeyEvent, key)
	key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
	do(b, input.DispatchKeyEvent, key)
}
