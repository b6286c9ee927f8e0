package emoji

import (
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

func TestLookupNormalizes(t *testing.T) {
	for text, want := range map[string]string{
		"👍": "👍", "👍\uFE0F": "👍", "❤": "❤\uFE0F", "❤\uFE0F": "❤\uFE0F", "👍🏽": "👍🏽", "☝🏽": "☝🏽", "☝": "☝\uFE0F",
		"🇨🇴": "🇨🇴", "#\u20E3": "#\uFE0F\u20E3", "👨‍👩‍👧‍👦": "👨‍👩‍👧‍👦", "👩🏻‍🤝‍👨🏽": "👩🏻‍🤝‍👨🏽", "🏳\u200d🌈": "🏳\uFE0F\u200d🌈",
		"": "", "a": "", "1": "", "#": "", "👍👍": "", " 👍": "", "👍🏽🏽": "", "🏽": "", "🇨": "", "🎉🏽": "", "<b>": "", "\uFE0F": "", "\u200d": "",
	} {
		e, ok := Lookup(text)
		if e.Text != want || ok != (want != "") {
			t.Errorf("Find(%+q) = %+q, %v", text, e.Text, ok)
		}
	}
	for _, text := range Frequent {
		if e, _ := Lookup(text); e.Text != text {
			t.Errorf("%+q is in Frequent, but its normalized text is %+q", text, e.Text)
		}
	}
}

// TestCatalog checks for every emoji what the picker, reactions and shortcodes rely on.
func TestCatalog(t *testing.T) {
	counts := make([]int, GroupCount)
	for _, e := range loadCatalog().all {
		counts[e.Group]++
		if e.Name("en") == "" || e.Name("es") == "" || e.Name("en") != e.Name("") {
			t.Errorf("%s has the names %q and %q", e.Text, e.Name("en"), e.Name("es"))
		}
		for _, text := range append(e.variants(), e.Text) {
			if uniseg.GraphemeClusterCount(text) != 1 || len(text) > MaxBytes {
				t.Errorf("%s: the variant %+q is not one character or too long", e.nameEN, text)
			}
			if f, ok := Lookup(text); !ok || f.Text != text || f.nameEN != e.nameEN {
				t.Errorf("%s: Lookup of its variant %+q returns %+q %q", e.nameEN, text, f.Text, f.nameEN)
			}
		}
		if in := e.WithTone(3).Text; e.HasTones != (in != e.Text) || e.HasTones && !slices.Contains(e.variants(), in) {
			t.Errorf("%s has tones: %v, but its medium tone is %+q", e.nameEN, e.HasTones, in)
		}
		got, ok := byShortcode(e.Shortcodes[0])
		if !ok || got.Text != e.Text && !slices.Contains(got.Shortcodes, e.Shortcodes[0]) {
			t.Errorf(":%s: is %s, not %s", e.Shortcodes[0], got.Text, e.Text)
		}
	}
	if slices.Min(counts) < 80 || len(loadCatalog().variants) < 3900 {
		t.Errorf("the groups have %d emoji, and there are %d variants", counts, len(loadCatalog().variants))
	}
	first := loadCatalog().all[0]
	if got := first.WithTone(9).Text; got != first.Text {
		t.Errorf("a tone that does not exist changes %q to %q", first.Text, got)
	}
	if n := len(InGroup(GroupCount)); n != 0 {
		t.Errorf("a group that does not exist has %d emoji", n)
	}
}

func TestSearchInBothLanguages(t *testing.T) {
	for query, want := range map[string]string{
		"pizza": "🍕", "perro": "🐶", "DOG": "🐶", "corazon rojo": "❤️", "corazón": "🥰", "café": "☕", "españa": "🇪🇸", "spain": "🇪🇸",
		"thumb": "👍", "+1": "👍", "tada": "🎉", "cara feliz": "😀", "mexic": "🇲🇽",
	} {
		found := Search(query, 10)
		if !slices.ContainsFunc(found, func(e Emoji) bool { return e.Text == want }) || len(found) > 10 {
			t.Errorf("Search(%q) returns %v", query, texts(found))
		}
	}
	for _, query := range []string{"", " ", "¡!", "izza", "no such thing", strings.Repeat("x", 1000)} {
		if found := Search(query, 10); len(found) != 0 {
			t.Errorf("Search(%q) returns %v", query, texts(found))
		}
	}
	if first := Search("heart", 100)[0]; !strings.Contains(first.Name("en"), "heart") {
		t.Errorf("the first result for heart is %s", first.Name("en"))
	}
}

func texts(all []Emoji) (s []string) {
	for _, e := range all {
		s = append(s, e.Text)
	}
	return s
}
