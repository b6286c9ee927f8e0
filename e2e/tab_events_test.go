package e2e

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// waitForNoStream waits until the page has lost its stream.
func (b *tab) waitForNoStream() {
	b.Helper()
	waitUntil(b.T, b.name+" has no stream", func() (bool, string) {
		return len(b.openStreams()) == 0,
			sprintf("%q", b.openStreams())
	})
}

// onEvent records what the browser reports: errors, exceptions, CSP violations, dialogs, and requests to other hosts.
func (b *tab) onEvent(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.recordError("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			b.recordError("console.%s: %s", e.Type, consoleArguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		b.recordError("exception: %s %s", e.ExceptionDetails.Text,
			consoleArguments([]*runtime.RemoteObject{e.ExceptionDetails.Exception}))
	case *audits.EventIssueAdded:
		if e.Issue.Details.ContentSecurityPolicyIssueDetails != nil {
			b.recordError("CSP violated: %s", asJSON(e.Issue.Details.ContentSecurityPolicyIssueDetails))
		}
	case *page.EventJavascriptDialogOpening:
		b.recordError("dialog: %s", e.Message)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" && !strings.HasPrefix(u.Host,
			"127.0.0.1:") && e.Request.URL != "about:blank" {
			b.recordError("request to another host: %s", e.Request.URL)
		}
	}
	b.trackStreams(event)
}

// trackStreams keeps track of the streams that the page has open.
func (b *tab) trackStreams(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			clear(b.requests)
			clear(b.streaming)
		}
	case *network.EventRequestWillBeSent:
		if b.scripts && strings.Contains(e.Request.URL, "/messages/live") {
			b.problems = append(b.problems, "the frame for browsers without scripts was loaded: "+e.Request.URL)
		}
		b.requests[e.RequestID] = e.Request.URL
	case *network.EventResponseReceived:
		if strings.Contains(b.requests[e.RequestID], "/events") && e.Response.Status == 200 {
			b.streaming[e.RequestID] = true
		}
	case *network.EventLoadingFinished:
		delete(b.requests, e.RequestID)
		delete(b.streaming, e.RequestID)
	case *network.EventLoadingFailed:
		delete(b.requests, e.RequestID)
		delete(b.streaming, e.RequestID)
	}
}

// openStreams returns the URLs of the open streams.
func (b *tab) openStreams() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []string
	for id := range b.streaming {
		open = append(open, strings.TrimPrefix(b.requests[id], "http://"+b.addr))
	}
	return open
}

// waitForStream waits until the page has exactly one stream. It will receive everything that happens from then on.
func (b *tab) waitForStream() {
	b.Helper()
	waitUntil(b.T, b.name+" has one stream", func() (bool, string) {
		open := b.openStreams()
		return len(open) == 1, fmt.Sprintf("%q", open)
	})
}

// consoleArguments returns the arguments of a console call as text.
func consoleArguments(args []*runtime.RemoteObject) string {
	var texts []string
	for _, a := range args {
		if a == nil {
			continue
		}
		texts = append(texts, string(a.Value)+a.Description)
	}
	return strings.Join(texts, " ")
}

func (b *tab) recordError(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// allowErrors names patterns of errors that the test provokes.
func (b *tab) allowErrors(patterns ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range patterns {
		b.allowed = append(b.allowed, regexp.MustCompile(p))
	}
}

// serverDownErrors matches what a browser reports when the server cannot be reached.
const serverDownErrors = `net::ERR_(CONNECTION_|SOCKET_NOT_CONNECTED|INCOMPLETE_CHUNKED|INTERNET_DISCONNECTED|EMPTY_RESPONSE|NETWORK_)|Failed to fetch|network error`
