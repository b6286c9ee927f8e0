package e2e

import (
	"net/url"
	"testing"
)

var hostile = []string{
	`</li><script>alert(1)</script>`,
	`<img src=https://evil.example/x.png onerror=alert(1)>`,
	`<div hx-get="/logout" hx-trigger="load">x</div>`,
	`<b hx-on:click="alert(1)" hx-on::load="alert(1)">x</b>`,
	`<hx-partial hx-target="#conv">gone</hx-partial>`,
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

func TestHostileTextIsText(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.tolerate("status of 404")
	ana.open("/messages?room=1")
	ana.live()
	names := []string{`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `' hx-on:load='alert(1)`}
	for _, name := range names {
		mallory := s.program(name)
		mallory.write("room=1", hostile...)
		mallory.write("with=1", hostile...)
		mallory.sends("/messages/1/reactions", url.Values{"emoji": {"🎉"}})
	}
	n := len(names) * len(hostile)
	ana.until("every line came", say(`%s.length === %d`, lines, n))
	ana.harmless()
	ana.open("/messages?room=1")
	ana.live()
	ana.until("every line is there", say(`%s.length === %d`, lines, n))
	ana.harmless()
	ana.click("#with-2")
	ana.opened("with=2")
	ana.until("the texts are what was written", say(`%s[0] === %s && document.querySelector('#conv-name').innerText === %s`, lines, asJSON(hostile[0]), asJSON(names[0])))
	ana.harmless()
	ana.write(hostile[0])
	for _, path := range []string{
		"/chat?q=" + url.QueryEscape(hostile[0]),
		"/chat?q=" + url.QueryEscape("<img"),
		"/messages/1",
		"/nowhere/" + url.PathEscape(hostile[0]),
		"/messages?with=" + url.QueryEscape(hostile[0]),
		"/settings",
	} {
		ana.open(path)
		ana.until("it is drawn", `document.readyState === 'complete'`)
		ana.harmless()
	}
	guest := s.stranger()
	guest.open("/login?next=" + url.QueryEscape(`javascript:alert(1)`))
	guest.logIn("Ana")
	guest.at("/chat")
}

// harmless looks for anything that text may have become. Dialogs, requests to others and reports of the policy fail the
// test by themselves.
func (b *tab) harmless() {
	b.Helper()
	for what, script := range map[string]string{
		"images":         `document.querySelectorAll('img').length`,
		"scripts":        `document.querySelectorAll('body script').length`,
		"styles":         `document.querySelectorAll('style, body link').length`,
		"live markup":    `document.querySelectorAll('.message__body [hx-get], [hx-on\\:click], bdi *, .message__body :not(a, br, p, strong, em, del, code, pre, blockquote, ul, ol, li)').length`,
		"links":          `[...document.querySelectorAll('.message__body a')].filter(a => !/^https?:$/.test(a.protocol) || a.rel !== 'nofollow noopener noreferrer').length`,
		"attributes":     `[...document.querySelectorAll('.message__body *')].filter(e => [...e.attributes].some(a => !['href', 'rel', 'target', 'tabindex', 'value'].includes(a.name))).length`,
		"event handlers": `[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on|^hx-on/.test(a.name))).length`,
	} {
		if n := ask[int](b, script); n != 0 {
			b.Errorf("%s at %s: %d %s", b.name, ask[string](b, "location.href"), n, what)
		}
	}
}

// TestAlpineStaysOutOfMessages puts into a message what no renderer lets through.
func TestAlpineStaysOutOfMessages(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana := s.newcomer("Ana")
	ana.open("/messages?room=1")
	ana.live()
	ana.write("hello")
	const plant = `(at => {
		const e = document.createElement('b')
		e.setAttribute('x-data', '{}')
		e.setAttribute('x-text', "'planted'")
		document.querySelector(at).append(e)
		return true
	})('%s')`
	ask[bool](ana, say(plant, ".message__body"))
	ask[bool](ana, say(plant, "#notice"))
	ana.until("elsewhere it would do something", `document.querySelector('#notice').textContent === 'planted'`)
	if ana.is(`document.querySelector('.message__body b').textContent`) {
		t.Error("an attribute in a message was obeyed")
	}
}
