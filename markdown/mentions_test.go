package markdown

import (
	"strings"
	"testing"
)

func TestMentions(t *testing.T) {
	for body, want := range map[string]string{
		"@ana": "ana", "a @ana. b": "ana.", "＠ana，": "ana", "_@ana_": "ana_", "**@ana**": "ana", "*@ana_maria*!": "ana_maria",
		"(@ana)": "ana", "@a_b_c @d": "a_b_c|d", "> @ana\n- @ben": "ana|ben", "@ana\n@ben": "ana|ben", "_@ana": "ana",
		"@अनीता": "अनीता", "@ana-maría's": "ana-maría", "¡@ana!": "ana", "@ana:": "ana", "你好@ana": "",
		"`@ana`": "", "```\n@ana\n```": "", "ana@example.org": "", "ana.b_@example.org": "", "a+@b": "",
		"https://x.org/@ana": "", "x.org/@ana": "", "[@ana](https://x.org)": "", "mailto:a@example.org": "",
		"@ana@example.org": "", "@": "", "@@ana": "", "@ ana": "", "http://a@b": "", "\\@ana": "ana",
		"a @one `b @two` [c @three](https://x.org) *d @four* https://x.org/@five": "one|four",
	} {
		if got := strings.Join(Parse(body).Mentions(), "|"); got != want {
			t.Errorf("%q mentions %q, want %q", body, got, want)
		}
	}
}

func TestMentionElements(t *testing.T) {
	mention := func(written string) Mention {
		if strings.HasPrefix(written, "ana") {
			return Mention{len("ana"), "7", "@<Ana>"}
		}
		return Mention{}
	}
	const ana = `<bdi class="mention mention-7">@&lt;Ana&gt;</bdi>`
	for body, want := range map[string]string{
		"@ana. & @ben": ana + ". &amp; @ben", "*＠ana*!": "*" + ana + "*!", "`@ana`": "<code>@ana</code>",
		"@ana\n@ana_x": ana + "<br>" + ana + "_x", "a_@ana": "a_@ana", "<bdi class=mention>": "&lt;bdi class=mention&gt;",
	} {
		if got := Parse(body).HTML(mention); got != want {
			t.Errorf("%q became %s, want %s", body, got, want)
		}
	}
}
