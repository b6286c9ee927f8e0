package e2e

import (
	"net/url"
	"testing"
)

// hostileTexts are texts that would do something if they were not escaped.
var hostileTexts = []string{
	`</li><script>alert(1)</script>`,
	`<img src=https://evil.example/x.png onerror=alert(1)>`,
	`<div hx-get="/logout" hx-trigger="load">x</div>`,
	`<b hx-on:click="alert(1)" hx-on::load="alert(1)">x</b>`,
	`<hx-partial hx-target="#conversation">gone</hx-partial>`,
	`</hx-upsert><title>hacked</title>`,
	`<style>*{display:none}</style><link rel=stylesheet href=https://evil.example/x.css>`,
	`javascript:alert(1)`,
	`https://example.org/"onmouseover="alert(1)`,
	`data:text/html,<script>alert(1)</script>`,
	"data: x\r\n\r\nevent: logout\r\ndata: \r\n\r\n",
	`{{7*7}} ${7*7} <!-- -->`,
	"*<b onclick=alert(1)>* _</li>_ ~~<script>alert(1)</script>~~ `<img src=x onerror=alert(1)>`",
	"> <div hx-get=\"/logout\" hx-trigger=\"load\">\n- <hx-partial>\n\n```</code></pre><script>alert(1)</script>\n<style>*{display:none}</style>\n```",
	"[click](javascript:alert(1)) [*x*](data:text/html,<script>alert(1)</script>) [x](https://x.org/\"onmouseover=\"alert(1)) [x](vbscript:x) ![x](https://evil.example/x.png)",
	"<https://evil.example/x.css> [x]: javascript:alert(1) &lt;script&gt; &#x3c;script&#x3e;",
}

func TestHostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.allowErrors("status of 404")
	ana.open("/messages?room=1")
	ana.waitForStream()
	names := []string{`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `' hx-on:load='alert(1)`}
	for _, name := range names {
		mallory := s.newAPIUser(name)
		mallory.postMessages("room=1", hostileTexts...)
		mallory.postMessages("with=1", hostileTexts...)
		mallory.mustPost("/messages/1/reactions", url.Values{"emoji": {"🎉"}})
	}
	n := len(names) * len(hostileTexts)
	ana.waitUntil("every message arrived", sprintf(`%s.length === %d`, messageTexts, n))
	ana.checkNoInjection()
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.waitUntil("every message is on the page", sprintf(`%s.length === %d`, messageTexts, n))
	ana.checkNoInjection()
	ana.click("#with-2")
	ana.waitForConversation("with=2")
	ana.waitUntil("the texts are shown as they were written",
		sprintf(`%s[0] === %s && document.querySelector('#conversation-name').innerText === %s`, messageTexts,
			asJSON(hostileTexts[0]), asJSON(names[0])))
	ana.checkNoInjection()
	ana.sendMessage(hostileTexts[0])
	for _, path := range []string{
		"/chat?q=" + url.QueryEscape(hostileTexts[0]),
		"/chat?q=" + url.QueryEscape("<img"),
		"/messages/1",
		"/nowhere/" + url.PathEscape(hostileTexts[0]),
		"/messages?with=" + url.QueryEscape(hostileTexts[0]),
		"/settings",
	} {
		ana.open(path)
		ana.waitUntil("the page is loaded", `document.readyState === 'complete'`)
		ana.checkNoInjection()
	}
	anonymous := s.newBrowser()
	anonymous.open("/login?next=" + url.QueryEscape(`javascript:alert(1)`))
	anonymous.logIn("Ana")
	anonymous.waitForPath("/chat")
}

// checkNoInjection looks for everything that a text could have injected. Dialogs, requests to other hosts and CSP
// reports fail the test anyway.
func (b *tab) checkNoInjection() {
	b.Helper()
	for what, script := range map[string]string{
		"images":      `document.querySelectorAll('img').length`,
		"scripts":     `document.querySelectorAll('body script').length`,
		"styles":      `document.querySelectorAll('style, body link').length`,
		"live markup": `document.querySelectorAll('.message__body [hx-get], [hx-on\\:click], bdi :not(.handle), .message__body :not(a, br, p, strong, em, del, code, pre, blockquote, ul, ol, li)').length`,
		"links": `[...document.querySelectorAll('.message__body a')].filter(a => !/^https?:$/.test(a.protocol) ||
			a.rel !== 'nofollow noopener noreferrer').length`,
		"attributes": `[...document.querySelectorAll('.message__body *')].filter(e => [...e.attributes].some(a =>
			!['href', 'rel', 'target', 'tabindex', 'value'].includes(a.name) &&
			!(a.name === 'dir' && ['auto', 'ltr'].includes(a.value)))).length`,
		"event handlers": `[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on|^hx-on/.test(a.name))).length`,
	} {
		if n := eval[int](b, script); n != 0 {
			b.Errorf("%s at %s: %d %s", b.name, eval[string](b, "location.href"), n, what)
		}
	}
}

// TestAlpineIgnoresMessages inserts Alpine attributes into a message, which no renderer allows, and expects that Alpine
// ignores them.
func TestAlpineIgnoresMessages(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/messages?room=1")
	ana.waitForStream()
	ana.sendMessage("hello")
	const plant = `(at => {
		const e = document.createElement('b')
		e.setAttribute('x-data', '{}')
		e.setAttribute('x-text', "'planted'")
		document.querySelector(at).append(e)
		return true
	})('%s')`
	eval[bool](ana, sprintf(plant, ".message__body"))
	eval[bool](ana, sprintf(plant, "#page-notice"))
	ana.waitUntil("Alpine evaluates the attribute outside of messages",
		`document.querySelector('#page-notice').textContent === 'planted'`)
	if ana.isTrue(`document.querySelector('.message__body b').textContent`) {
		t.Error("Alpine evaluated an attribute in a message")
	}
}
