package emoji

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestShortcodes(t *testing.T) {
	for text, want := range map[string]string{
		":tada:": "🎉", "hi :tada:!": "hi 🎉!", ":+1::heart:": "👍❤️", ":nope:tada:": "", ":nope: :tada:": ":nope: 🎉", ":-:tada:": ":-🎉", ":Corazón_Rojo: :corazon_rojo:": "❤️ ❤️",
		"(:smile:)": "(😄)", "🎉:tada:": "🎉🎉", "¿:TADA:?": "¿🎉?", "red_heart: :red_heart:": "red_heart: ❤️", ":flag_es: :spain: :bandera_españa:": "🇪🇸 🇪🇸 🇪🇸",

		"10:30:45": "", "at 10:100:5": "", "a:tada:": "", ":tada:b": "", "http://a:100:": "", "see https://x.org/:tada:/y": "", ":": "", "::": "",
		":no such thing:": "", ": tada:": "", "`:tada:`": "", "``:tada: ` ``": "", "```\n:tada:\n```": "", "```\n:tada:": "", ":tada": "", ":nope:": "", "": "",
		"`a` :tada: `:tada:`": "`a` 🎉 `:tada:`", "```a``` :tada:": "```a``` 🎉", "` :tada:": "` 🎉", "https://a.b :tada:": "https://a.b 🎉",
		":tada:\xff": "🎉\xff",
	} {
		if want == "" {
			want = text
		}
		if got := Expand(text); got != want {
			t.Errorf("Expand(%q) = %q, want %q", text, got, want)
		}
		if got := Expand(want); got != want {
			t.Errorf("Expand changes its own result %q to %q", want, got)
		}
	}
}

// TestSpanishShortcodes checks that each whole Spanish word for which the picker finds emoji is a shortcode of one of
// them, unless it is an English shortcode.
func TestSpanishShortcodes(t *testing.T) {
	for text, want := range map[string]string{
		":corazon: :Corazón: :fiesta:": "❤️ ❤️ 🎉", ":risa: :fuego: :sol: :gato: :perro:": "😂 🔥 ☀️ 🐈 🐕",
		":celebración::celebracion:": "🎉🎉", ":ojos_cerrados:": "🤣", ":con: :las: :2:": ":con: :las: :2:",
	} {
		if got := Expand(text); got != want {
			t.Errorf("Expand(%q) = %q, want %q", text, got, want)
		}
	}
	for _, e := range loadCatalog().all {
		for _, word := range e.spanishWords() {
			found, ok := byShortcode(word)
			if !ok || !strings.Contains(found.searchKey, fold(word)) {
				t.Errorf(":%s: of %s is %q", word, e.Text, found.Text)
			}
		}
	}
}

func TestMistypedShortcodes(t *testing.T) {
	for text, want := range map[string]string{
		":smlie:": "😄", "well :hart:": "❤️", ":corazon_rjo:": "❤️", ":thumsup:": "👍", ":tada: :grining:": "😀", ":Pizzza:": "🍕",
		":tada:": "", ":x:": "", ":xy:": "", "10:30:45": "", "12 :345: 6": "", ":nothingofthekind:": "", "`:smlie:`": "", "http://a/:smlie:": "", "": "",
		strings.Repeat(":qqqq: ", 4) + ":smlie:": "😄", strings.Repeat(":qqqq: ", 1000) + ":smlie:": "😄",
		":qqqa: :qqqb: :qqqd: :qqqe: :qqqf: :qqqg: :qqqh: :qqqi: :qqqj: :qqqk: :smlie:": "",
	} {
		got := ""
		for _, name := range Mistyped(text) {
			got += Suggest(name, 3)[0].Text
		}
		if got != want {
			t.Errorf("in %q the first suggestions for %q are %q, want %q", text, Mistyped(text), got, want)
		}
	}
	if names := Mistyped("a :nothingofthekind: :hart: and a :smlie:, :hart:"); !slices.Equal(names, []string{"hart", "smlie"}) {
		t.Errorf("the mistyped shortcodes are %q", names)
	}
	found := Suggest("hart", 3)
	if len(found) != 3 || found[0].Shortcode != "heart" {
		t.Errorf("the suggestions are %v", found)
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{{"smile", "smile", 0}, {"smlie", "smile", 1}, {"smle", "smile", 1}, {"smmile", "smile", 1}, {"smule", "smile", 1},
		{"slime", "smile", 2}, {"smile", "heart", -1}, {"a", "abcd", -1}, {"", "", 0}} {
		if got := editDistance(tc.a, tc.b, 2); got != tc.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

// TestWorstCaseMessage checks that the longest messages, full of colons and backticks, take little time: some 50 ms,
// and a hundred times as long with the race detector on a busy machine.
func TestWorstCaseMessage(t *testing.T) {
	for _, piece := range []string{":a", ":a:", ":smlie:", ":qqqq:", "`", "``a", "`:a:", ":tada:", "```", "http://:", ":" + strings.Repeat("é", 50)} {
		text := strings.Repeat(piece, 16<<10/len(piece))
		Expand(":tada:")
		start := time.Now()
		Expand(text)
		Mistyped(text)
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("a message full of %q takes %v", piece, took)
		}
	}
}
