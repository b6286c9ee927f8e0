package markdown

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"
)

// wantRendered checks the HTML of each text.
func wantRendered(t *testing.T, texts map[string]string) {
	t.Helper()
	for in, want := range texts {
		if got := Render(in); got != want {
			t.Errorf("%q:\n got %s\nwant %s", in, got, want)
		}
	}
}

// anchor returns the HTML of an address in a text.
func anchor(href, label string) string { return link(href, "ltr", label) }

// labelled returns the HTML of a link with a label.
func labelled(href, label string) string { return link(href, "auto", label) }

func link(href, dir, label string) string {
	return `<a href="` + href + `" dir="` + dir + `" rel="nofollow noopener noreferrer" target="_blank">` + label + `</a>`
}

func TestFormatting(t *testing.T) {
	wantRendered(t, map[string]string{
		"plain":                     "plain",
		"*bold* **bold**":           "<strong>bold</strong> <strong>bold</strong>",
		"_italic_ ~~struck~~":       "<em>italic</em> <del>struck</del>",
		"*b _i ~~s `c`~~_*":         "<strong>b <em>i <del>s <code>c</code></del></em></strong>",
		"(*bold*), ¡_así_!":         "(<strong>bold</strong>), ¡<em>así</em>!",
		"*two\nlines*":              "<strong>two<br>lines</strong>",
		"*a **b** c*":               "<strong>a b c</strong>",
		"`*x* <b>` ``a`b``":         "<code>*x* &lt;b&gt;</code> <code>a`b</code>",
		"`` `x` `` ```y```":         "<code>`x`</code> <code>y</code>",
		"one\ntwo\n\n\nthree":       `<p dir="auto">one<br>two</p><p dir="auto">three</p>`,
		"> quote\n> more\nanswer":   `<blockquote dir="auto"><p>quote<br>more</p></blockquote><p dir="auto">answer</p>`,
		">> two\n> one":             `<blockquote dir="auto"><blockquote><p>two</p></blockquote><p dir="auto">one</p></blockquote>`,
		"> - *x*\n\ny":              `<blockquote dir="auto"><ul><li><strong>x</strong></li></ul></blockquote><p dir="auto">y</p>`,
		"buy:\n- milk\n- eggs\nbye": `<p dir="auto">buy:</p><ul><li dir="auto">milk</li><li dir="auto">eggs</li></ul><p dir="auto">bye</p>`,
		"* a\n  - b\n  - c\n* d":    `<ul><li dir="auto">a<ul><li dir="auto">b</li><li dir="auto">c</li></ul></li><li dir="auto">d</li></ul>`,
		"- a\n\n  b":                `<ul><li dir="auto"><p>a</p><p dir="auto">b</p></li></ul>`,
		"1. a\n2. b\n5. c":          `<ol><li dir="auto">a</li><li dir="auto">b</li><li value="5" dir="auto">c</li></ol>`,
		"- a\n  b":                  `<ul><li dir="auto">a<br>b</li></ul>`,
	})
}

// plainSeeds are texts that are plain, and texts that look plain at first sight.
var plainSeeds = []string{
	"how about a coffee?", `it's "5 < 6" & more`, "¿qué tal? 👋🏽", "a\u00a0b\u2028c", "x > y", "&amp; <b>", "1. one", "- x", "> q",
	"+ x", " x", "x ", "x\u00a0", "a\tb", "a\nb", "a\r", "a\x00", "\xff", "", "(x) - y + z 1. 2)", "#x", "===", "|a|b|", "]x[",
}

// FuzzPlain checks that the short way for plain text gives the same HTML as parsing.
func FuzzPlain(f *testing.F) {
	for _, s := range plainSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if got, want := Render(source), Parse(source).HTML(nil); got != want {
			t.Errorf("%q:\n got %s\nwant %s", source, got, want)
		}
	})
}

func TestFencedCode(t *testing.T) {
	pre := func(code string) string { return `<pre tabindex="0"><code>` + code + `</code></pre>` }
	wantRendered(t, map[string]string{
		"```\na *b*\n\n  <c>\n```":      pre("a *b*\n\n  &lt;c&gt;"),
		"```go\nfunc\n```\n*after*":     pre("func") + `<p dir="auto"><strong>after</strong></p>`,
		"see:\n```\nx\n```":             `<p dir="auto">see:</p>` + pre("x"),
		"```first line\nlast line```":   pre("first line\nlast line"),
		"> ```\n> x\n> ```":             `<blockquote dir="auto">` + pre("x") + "</blockquote>",
		"- a\n  ```\n  x\n    y\n  ```": `<ul><li dir="auto">a` + pre("x\n  y") + "</li></ul>",
		"```\nnot *closed*":             "```<br>not <strong>closed</strong>",
		"```":                           "```",
		"~~~\nx\n~~~":                   "~~~<br>x<br>~~~",
	})
}

func TestOtherTextStaysAsTyped(t *testing.T) {
	for _, in := range []string{
		"snake_case_name __init__ _x", "2*3*4", "5 * 3 * 2", "*open", "**open*", "***", "* * *", "---", "- - -", "-",
		"- ", ">", ">_<", ">:(",
		"~5 or ~6~", "~~open", "`open", "``open`", "# x", "## x", "x\n===", "x\n---", "| a | b |\n|---|---|",
		"&amp; &#42; &nbsp;",
		`\*x\* ¯\_(ツ)_/¯`, `C:\dir\` + "\nnext", "a\\", "    indented", "a\n    b\n\tc", "  two spaces",
		"1", "1.", "1) x", "2. x", "14. Juli", "2026. A year", "[x]", "[x](y)", "[x](javascript:alert(1))",
		"[x](data:text/html,x)", "[x]()", "[](x)",
		"[x]: y", "![x](y)", "![[[", "a@x.org", "<b>x</b>", "<!-- x -->", "<x@y.org>", `<a href="x" onclick=y>`,
		"javascript:alert(1)", "data:x", "ftp://x.org",
		"http:", "http://", "https://...", "https://%zz", "mailto:", "mailto:x", "{{x}}",
	} {
		want := strings.ReplaceAll(html.EscapeString(strings.TrimRight(in, " ")), "\n", "<br>")
		wantRendered(t, map[string]string{in: want})
	}
}

func TestLinks(t *testing.T) {
	evil := "https://evil.example"
	wantRendered(t, map[string]string{
		"[*x*](https://x.org/a_(b))":         labelled("https://x.org/a_(b)", "*x*"),
		"**[x](http://x.org)**":              "<strong>" + labelled("http://x.org", "x") + "</strong>",
		"[a [b](mailto:ana@x.org)":           "[a " + labelled("mailto:ana@x.org", "b"),
		"[https://x.org](https://x.org)":     labelled("https://x.org", "https://x.org"),
		"[www.bank.com](" + evil + ")":       "[www.bank.com](" + anchor(evil, evil) + ")",
		"[bank.com/login](" + evil + ")":     "[bank.com/login](" + anchor(evil, evil) + ")",
		"[https:\u200b//bank](" + evil + ")": "[https:\u200b//bank](" + anchor(evil, evil) + ")",
		"[bank.com](https://bank.com.evil.example)": "[bank.com](" + anchor(
			"https://bank.com.evil.example", "https://bank.com.evil.example",
		) + ")",
		"[https://bank.com](https://bank.com@evil.example)": "[" + anchor(
			"https://bank.com", "https://bank.com",
		) + "](https://bank.com@evil.example)",
		"https://bank.com@evil.example": "https://bank.com@evil.example",
		"[ana@x.org](mailto:ana@x.org)": labelled("mailto:ana@x.org", "ana@x.org"),
		"[x.org](https://x.org/a)":      labelled("https://x.org/a", "x.org"),
		"[v1.2 of it](https://x.org)":   labelled("https://x.org", "v1.2 of it"),
		"[https://x.org](" + evil + ")": "[" + anchor(
			"https://x.org", "https://x.org",
		) + "](" + anchor(evil, evil) + ")",
		"see https://x.org/a?b=1&c=2.": "see " + anchor(
			"https://x.org/a?b=1&amp;c=2", "https://x.org/a?b=1&amp;c=2",
		) + ".",
		"(https://x.org/a_(b))": "(" + anchor(
			"https://x.org/a_(b)", "https://x.org/a_(b)",
		) + ")",
		"https://x.org/a[]=1, Http://y.org!": anchor(
			"https://x.org/a[]=1", "https://x.org/a[]=1",
		) + ", " + anchor("http://y.org", "Http://y.org") + "!",
		"*https://x.org* _https://x.org/_a_b_": "<strong>" + anchor("https://x.org", "https://x.org") + "</strong> <em>" + anchor(
			"https://x.org/_a_b", "https://x.org/_a_b",
		) + "</em>",
		"«https://x.org» <https://x.org>": "«" + anchor(
			"https://x.org", "https://x.org",
		) + "» &lt;" + anchor("https://x.org", "https://x.org") + "&gt;",
		`https://x.org/"onclick="x`: anchor(
			"https://x.org/", "https://x.org/",
		) + "&#34;onclick=&#34;x",
		"https://x.org/\u202Efdp.exe": anchor(
			"https://x.org/", "https://x.org/",
		) + "\u202Efdp.exe",
		"http://localhost:8080/messages?x=1;": anchor(
			"http://localhost:8080/messages?x=1", "http://localhost:8080/messages?x=1",
		) + ";",
		"mailto:ana@x.org": anchor("mailto:ana@x.org", "mailto:ana@x.org"),
		"https://x.org/ñ":  anchor("https://x.org/%C3%B1", "https://x.org/ñ"),
		"`https://x.org` https://x.org/`x`": "<code>https://x.org</code> " + anchor(
			"https://x.org/", "https://x.org/",
		) + "<code>x</code>",
		"https://" + strings.Repeat("x", maxURLBytes): "https://" + strings.Repeat("x", maxURLBytes),
	})
}

// worstCases returns texts that take long to parse or whose HTML is much larger than they are.
func worstCases(size int) map[string]string {
	texts := map[string]string{
		"distinct backticks": "", "backticks over lines": "",
		"open, then close":        strings.Repeat("*a ", size/6) + strings.Repeat("b* ", size/6),
		"open, then close others": strings.Repeat("*a ", size/6) + strings.Repeat("b_ ", size/6),
		"an address":              "https://" + strings.Repeat("x", size-8),
		"closing brackets":        "https://x" + strings.Repeat(")", size-9),
		"open, then close lists":  strings.Repeat("- ", size/2),
		"two deep lines":          strings.Repeat("> ", size/4) + "\n" + strings.Repeat("> ", size/4),
	}
	for n := 1; len(texts["distinct backticks"]) < size-n; n++ {
		texts["distinct backticks"] += strings.Repeat("`", n) + " "
	}
	for n := 1; len(texts["backticks over lines"]) < size-n-400; n++ {
		texts["backticks over lines"] += strings.Repeat("`", n) + strings.Repeat("\n.", 200)
	}
	for _, unit := range []string{"*", "**", "_", "~~", "`", "[", "]", "![[[", "[a](", "](", "[a](b", "[a](http://b", "[a](http://b)", "[[", ">", "> ", "> a\n\n", ">>>> a\nb\n",
		"- ", "- a\n", "1. a\n", "1. a\n\n2", "- a\n  - b\n    - c\n", "* a *", "*a* ", "a*", "*a", "_a ", "a_ ", "*a _b ", "~~a", "`a` ", "`` ` ", "```\n", "```a\n", "> ```a\n\n",
		"```a ", "http:", "https://", "http://a ", "http://a):", "http://ñ ", "mailto:a@", "mailto:a@b ", "mailto:", ":", "\\", "\\\n", "&", "\"", "<b>", "<", " ", "\t", "-\t", ">\t", "\n", "a\n", "\n\na",
		"¿*á* ", "*_~~", "*_a", "a _*", "é", "\u0301", "- > ", "1. - > ", "  ", "x\n    "} {
		texts[unit] = strings.Repeat(unit, size/len(unit)+1)[:size]
	}
	return texts
}

// TestWorstCasesRenderFast allows 30 seconds for 64 KB, which take about 50 ms on an idle machine, and up to two hundred
// times as long with the race detector on a busy one. Quadratic rendering takes ten seconds on an idle machine, and
// minutes with the race detector. BenchmarkRender has exact numbers.
func TestWorstCasesRenderFast(t *testing.T) {
	for name, text := range worstCases(64 << 10) {
		begun := time.Now()
		out := Render(text)
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%q: %v", name, took)
		}
		if len(out) > 16*len(text) {
			t.Errorf("%q: %d bytes became %d", name, len(text), len(out))
		}
		checkHTML(t, text, out)
	}
}

func BenchmarkRender(b *testing.B) {
	texts := worstCases(64 << 10)
	texts["a message"] = "Perfect. I'd like to water before the heat comes."
	texts["a formatted message"] = "*Perfect*. I'd like to water before the `heat` comes: https://garden.example.org"
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Render(texts[name])
			}
		})
	}
}

// allowedElements maps each element that the HTML of a message may have to its attributes.
var allowedElements = map[string]string{"p": "dir", "br": "", "strong": "", "em": "", "del": "", "code": "", "pre": "tabindex",
	"blockquote": "dir", "ul": "", "ol": "", "li": "value dir", "a": "href dir rel target"}

// maxDepth is the depth of four nested lists with their items, a paragraph or block, three kinds of emphasis, and a
// link or code.
const maxDepth = 4*2 + 1 + 3 + 1

// checkHTML parses the HTML of a text. Every element must be allowed, closed and not nested too deep, and every link
// must be harmless. It returns the text that a browser shows.
func checkHTML(t *testing.T, in, out string) (shown string) {
	t.Helper()
	var open []string
	for z := html.NewTokenizer(strings.NewReader(out)); z.Next() != html.ErrorToken; {
		token := z.Token()
		attributes, known := allowedElements[token.Data]
		switch token.Type {
		case html.TextToken:
			shown += token.Data
			continue
		case html.StartTagToken:
			if token.Data != "br" {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("%.200q: </%s> within %v: %.500q", in, token.Data, open, out)
			}
			open = open[:len(open)-1]
		default:
			known = false
		}
		if !known || len(open) > maxDepth {
			t.Fatalf("%.200q: <%s> within %v: %.500q", in, token.Data, open, out)
		}
		for _, a := range token.Attr {
			if !slices.Contains(strings.Fields(attributes), a.Key) || a.Key == "href" &&
				!regexp.MustCompile("^(https?://|mailto:)").MatchString(a.Val) {
				t.Fatalf("%.200q: %s=%q in <%s>: %.500q", in, a.Key, a.Val, token.Data, out)
			}
		}
	}
	if len(open) > 0 {
		t.Fatalf("%.200q: %v stay open: %.500q", in, open, out)
	}
	return shown
}

// cleanBody makes of any string a text as package chat stores it: valid UTF-8 without NUL, carriage returns and blank
// ends.
func cleanBody(s string) string {
	s = strings.NewReplacer("\x00", "", "\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, ""))
	return strings.TrimRightFunc(strings.Trim(s, "\n"), unicode.IsSpace)
}

// lettersOnly drops all characters that formatting may remove, and the name of the language after a fence.
func lettersOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsSymbol(r) && !strings.ContainsRune("`~>+<", r) {
			return r
		}
		return -1
	}, s)
}

func FuzzRender(f *testing.F) {
	for _, text := range worstCases(200) {
		f.Add(text)
	}
	for _, text := range []string{"see https://x.org/<b>\"'>.", "*a **b* c**", "> - 1. ```\n> x", "- a\n\t- b\n \t\tc", "1. a\n-\n  b", "<hx-partial hx-get=/x>",
		"[a](javascript:alert(1))", "`a\n`b", "a\\\n*b*\\\n", ">\t> a\n>\t\tb", "*a\n> b*", "- ```\nx```", "~~~~a~~~~",
		"&lt;script&gt;", "- \n  a", "```a\r\n```", "1. a\n  - b\n01. c\n 1. d", "_https://x.org/_*_*%。b",
		"*_~~`a`~~_*", "- a\n   01. b\n  - c\n\n    - d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		body := cleanBody(s)
		out := Render(body)
		shown := checkHTML(t, body, out)
		if again := sanitizer.Sanitize(out); again != out {
			t.Errorf("%q became %q, then %q", body, out, again)
		}
		if !strings.Contains(body, "```") && !strings.Contains(body, "](") && lettersOnly(shown) != lettersOnly(body) {
			t.Errorf("%q shows as %q", body, shown)
		}
	})
}
