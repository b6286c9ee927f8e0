package markdown

import (
	"html"
	"strings"
	"testing"
)

// wantAsTyped checks that texts show without any formatting.
func wantAsTyped(t *testing.T, texts ...string) {
	t.Helper()
	for _, in := range texts {
		wantRendered(t, map[string]string{in: strings.ReplaceAll(html.EscapeString(in), "\n", "<br>")})
	}
}

func TestWhereAddressesEnd(t *testing.T) {
	at := func(address string) string {
		return anchor(html.EscapeString(encodePercents(address)), html.EscapeString(address))
	}
	x := "https://x.org/a"
	texts := map[string]string{
		"https://x.org/100% of it":             at("https://x.org/100%") + " of it",
		"https://x.org/%%41%4?q=5%&r=%zz#%":    at("https://x.org/%%41%4?q=5%&r=%zz#%"),
		"[cube](https://x.org/Rubik's_Cube)":   labelled("https://x.org/Rubik&#39;s_Cube", "cube"),
		"[c](https://x.org/100%)":              labelled("https://x.org/100%25", "c"),
		"https://x.org/Rubik's_Cube":           at("https://x.org/Rubik's_Cube"),
		"'" + x + "', '" + x + "'":             "&#39;" + at(x) + "&#39;, &#39;" + at(x) + "&#39;",
		"https://t.me/user_":                   at("https://t.me/user_"),
		"https://t.me/user_, https://t.me/a*":  at("https://t.me/user_") + ", " + at("https://t.me/a*"),
		x + "** " + x + "~ " + x + "__ok":      at(x+"**") + " " + at(x+"~") + " " + at(x+"__ok"),
		"_a_ " + x + "_":                       "<em>a</em> " + at(x+"_"),
		"_" + x + "_":                          "<em>" + at(x) + "</em>",
		"_see " + x + "_.":                     "<em>see " + at(x) + "</em>.",
		"*_" + x + "_*":                        "<strong><em>" + at(x) + "</em></strong>",
		"~~" + x + "~~ " + x + "~~":            "<del>" + at(x) + "</del> " + at(x+"~~"),
		"~" + x + "~":                          "~" + at(x) + "~",
		"<_< " + x + "_":                       "&lt;_&lt; " + at(x+"_"),
		"{" + x + "} [" + x + "] (" + x + ").": "{" + at(x) + "} [" + at(x) + "] (" + at(x) + ").",
		"https://x.org/{a}/(b)/[c]":            anchor("https://x.org/%7Ba%7D/%28b%29/%5Bc%5D", "https://x.org/{a}/(b)/[c]"),
		"（" + x + "/）":                         "（" + at(x+"/") + "）",
		x + "、https://y.org/":                  at(x) + "、" + at("https://y.org/"),
		"https://x.org。":                       at("https://x.org") + "。",
		"https://x.org/上海/東京":                  anchor("https://x.org/%E4%B8%8A%E6%B5%B7/%E6%9D%B1%E4%BA%AC", "https://x.org/上海/東京"),
		"https://%zz https://x%.org":           "https://%zz https://x%.org",
	}
	for _, end := range strings.Fields("， 。 、 （ ） 「 」 《 》 〈 『 【 〔 “ ” ’ ‘ › ‹ « » „ ‚ ？ ！ ： ； ～ ｡ ､ ｢ ﹁ ・ ، ؛ ؟ ۔ । ॥ ։ ። ។ ༽ … …… —— ゠ …。 ‥ ՝ ՞ ❝ ❞ ❛ ❜ 🙶 🙷 ⸮ ⁇ ؍ ٪ \u06dd 〟 ﹂ ＂ ＇ ᠂ ། ၊") {
		texts[x+end+"b"] = at(x) + end + "b"
		texts[end+x+end] = end + at(x) + end
		texts[end+x+"_"+end] = end + at(x+"_") + end
	}
	wantRendered(t, texts)
}

func TestEmoticonsStay(t *testing.T) {
	wantAsTyped(t, "<_< ok >_>", "(*_*)", "*_* hi *_*", ">_> and <_<", "(>_<) (>_<)", "^_^ ^_^", "-_- _-", "(*^_^*)", "._. ._.",
		"*.* *.*", "(*´ω`*) (*´∀*)", "$_$ $_$", ":* :*", ";* x ;*", "~~> <~~", "(~_~) (~~_~~)", "¯_(ツ)_/¯ ¯_(ツ)_/¯", ":-* <3 :-*",
		"*-* *-*", "_(:3_", "*<b>*", "*(*", "(*ﾟ∀ﾟ*)", "(*ˊᵕˋ*) (*ˊᗜˋ*)", "(*ᵕᴗᵕ*)", "*ﾟ*", "(*́◡`*) (*゜▽゜*)", "٩(*•̀ᴗ•́*)و",
		"(*^▽^*) (*^▽^*)", "_?_ **!** ~~-~~", "\\(*^o^*)/ \\(*^o^*)/")
	wantRendered(t, map[string]string{
		"(*_*) *hi* <_<": "(*_*) <strong>hi</strong> &lt;_&lt;",
		"*¡Hola!* _no…_": "<strong>¡Hola!</strong> <em>no…</em>",
		"*100%* _a_b_":   "<strong>100%</strong> <em>a_b</em>",
		"*नमस्ते* *🎉*":   "<strong>नमस्ते</strong> <strong>🎉</strong>",
		"*ʻŌlelo* _ﾊﾟﾟ_": "<strong>ʻŌlelo</strong> <em>ﾊﾟﾟ</em>",
		"*`x`*":          "<strong><code>x</code></strong>",
	})
}

func TestNumbersThatAreNotLists(t *testing.T) {
	wantAsTyped(t, "01. Mai", "0. a", "00. a", "001. a\n002. b", "01. Mai\n02. Mai", "1.a", "-a")
	wantRendered(t, map[string]string{
		"1. a\n02. Mai": `<ol><li dir="auto">a</li></ol><p dir="auto">02. Mai</p>`,
		"- a\n01. Mai":  `<ul><li dir="auto">a</li></ul><p dir="auto">01. Mai</p>`,
	})
}

func TestListsIndentedByTwoSpaces(t *testing.T) {
	item := func(text string) string { return `<li dir="auto">` + text + "</li>" }
	ul := func(items ...string) string { return "<ul>" + strings.Join(items, "") + "</ul>" }
	ol := func(items ...string) string { return "<ol>" + strings.Join(items, "") + "</ol>" }
	wantRendered(t, map[string]string{
		"- a\n  - b\n    - c\n- d":             ul(item("a"+ul(item("b"+ul(item("c"))))), item("d")),
		"1. a\n  - b\n  - c\n2. d":             ol(item("a"+ul(item("b"), item("c"))), item("d")),
		"1. a\n  1. b\n    1. c\n  2. d\n2. e": ol(item("a"+ol(item("b"+ol(item("c"))), item("d"))), item("e")),
		"1. a\n  - b\n    - c":                 ol(item("a" + ul(item("b"+ul(item("c")))))),
		"-   a\n  - b":                         ul(item("a" + ul(item("b")))),
		"- a\n - b\n  - c":                     ul(item("a"), item("b"), item("c")),
		"1. a\n   - b":                         ol(item("a" + ul(item("b")))),
		"1. a\n   b":                           ol(item("a<br>b")),
		"1. a\n  2. b":                         ol(item("a"), item("b")),
		"> 1. a\n>   - b":                      `<blockquote dir="auto"><ol><li>a` + ul(item("b")) + "</li></ol></blockquote>",
		"- 1. a\n    - b":                      ul(item(`` + ol(`<li>a`+ul(item("b"))+"</li>"))),
	})
}

func TestFencesWithLanguage(t *testing.T) {
	for _, fence := range []string{"```js", "``` js", "```  js  ", "```\tc++", "``` objective-c", "``` "} {
		wantRendered(t, map[string]string{fence + "\nx\n```": `<pre tabindex="0"><code>x</code></pre>`})
	}
}

func TestLongFences(t *testing.T) {
	pre := func(code string) string { return `<pre tabindex="0"><code>` + code + `</code></pre>` }
	wantRendered(t, map[string]string{
		"````\n```js\nx\n```\n````":      pre("```js\nx\n```"),
		"```` md\n```\n````":             pre("```"),
		"```\nx\n````":                   pre("x"),
		"````\nx\n```":                   "````<br>x<br>```",
		"````x y\n````\n```\ny\n```":     pre("x y") + pre("y"),
		strings.Repeat("`", 9) + "\nx\n": strings.Repeat("`", 9) + "<br>x",
	})
}

func TestDirections(t *testing.T) {
	wantRendered(t, map[string]string{
		"ראה https://x.org/a/b/ עכשיו\n---\n> שלום (abc).\nanswer.": `<p dir="auto">ראה ` +
			anchor("https://x.org/a/b/", "https://x.org/a/b/") + ` עכשיו<br>---</p>` +
			`<blockquote dir="auto"><p>שלום (abc).</p></blockquote><p dir="auto">answer.</p>`,
		"[שלום](https://x.org)": labelled("https://x.org", "שלום"),
	})
}
