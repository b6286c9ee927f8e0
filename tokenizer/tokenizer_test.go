package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// matches reports whether a text has all words of a query, the last one also as the beginning of a word.
func matches(text, query string) bool {
	units, words := Split(text), Split(query)
	for i, w := range words {
		m := NewMatcher(w, i == len(words)-1, false)
		if !slices.ContainsFunc(units, m.Matches) {
			return false
		}
	}
	return len(words) > 0
}

func TestWordsThatMatch(t *testing.T) {
	for _, c := range []struct {
		text, query string
		want        bool
	}{
		{"una Canción nueva", "cancion nueva", true},
		{"una cancion nueva", "canción nueva", false}, // an accent in the query must match
		{"dos canciones", "cancion", true},
		{"el año pasado", "ano pasado", true},
		{"el ano pasado", "año pasado", false},
		{"ＡＢＣ", "abc", true},
		{"İstanbul", "istanbul", true},
		{"straße", "STRASSE", true},
		{"mañana", "mañ", true}, // the last word may be a beginning
		{"mañana temprano", "mañ temprano", false},
		{"she was running home", "run home", true},
		{"las casas blancas", "casa blanca", true},
		{"我在上海工作", "上海", true},
		{"我在上海工作", "海", true},
		{"我在上海工作", "作", true},
		{"我在上海工作", "海上", false},
		{"ｶﾞﾗｽです", "ガラス", true},
		{"서울에서 만나요", "서울", true},
		{"ไปกรุงเทพพรุ่งนี้", "กรุงเทพ", true},
		{"party🎉time", "🎉", true},
		{"love ❤\uFE0F you", "❤", true},
		{"love ❤ you", "❤\uFE0F", true},
		{"👍🏽", "👍", true},
		{"👨‍👩‍👧", "👨", false}, // a whole emoji
		{"1️⃣ first", "1️⃣", true},
		{"🇲🇽", "🇲🇽", true},
		{"I like C++.", "C++", true},
		{"I like C.", "C++", false},
		{"I like C++ and C#", "c# c++", true},
		{"set foo_bar = 1", "foo_bar", true},
		{"set foo_bar = 1", "bar", true},
		{"set foo bar", "foo_bar", false},
		{"ping 10.0.0.1 now", "10.0.0.1 now", true},
		{"ping 10.0.0.12 now", "10.0.0.1 now", false},
		{"see https://www.example.com/path?x=1", "example.com", true},
		{"see https://www.example.com/path?x=1", "www.example.com path", true},
		{"see https://www.example.com/path", "https://www.example.com/path", true},
		{"see example.org", "example.com", false},
		{"_cursiva_ y **negrita**", "cursiva negrita", true},
		{"don’t panic", "don't panic", true},
		{"fin.Otra frase", "otra frase", true},
		{"nota:esto", "esto", true},
		{"नमस्ते दुनिया", "दुनिया", true},
		{"שָׁלוֹם", "שלום", true},
		{"!!!", "!!!", false},
	} {
		if got := matches(c.text, c.query); got != c.want {
			t.Errorf("%q in %q: got %v; text %q, query %q",
				c.query, c.text, got, Tokens(Split(c.text)), Tokens(Split(c.query)))
		}
	}
}

func TestPhrases(t *testing.T) {
	for _, c := range []struct {
		text, phrase string
		want         bool
	}{
		{"vamos a la playa", "a la", true},
		{"vamos a las playas", "a la", false},
		{"la playa a", "a la", false},
		{"canciones nuevas", "cancion", false}, // no stems
		{"Hola, mundo", "hola mundo", true},
		{"uso C++ a diario", "c++ a", true},
		{"我在上海 工作", "上海 工", true},
		{"我在上海", "在上", true},
		{"www.example.com hoy", "example.com hoy", true},
	} {
		if got := MatchPhrase(Split(c.text), Split(c.phrase)) >= 0; got != c.want {
			t.Errorf("%q in %q: got %v", c.phrase, c.text, got)
		}
	}
}

// TestIndexFindsEveryMatch checks that the index returns every text that matches, that tokens are short and have no
// white space, and that the positions of units are within the text.
func TestIndexFindsEveryMatch(t *testing.T) {
	letters := rapid.SampledFrom([]rune("aañnáceosrñ上海ｶﾞ🎉❤\uFE0F👍🏽C+#_.-' \"\n:@1ßİ\u0301\u200d\u0000한국ไ"))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(letters)).Draw(t, "text")
		query := rapid.OneOf(rapid.StringOf(letters), rapid.SampledFrom(strings.Fields(text+" x"))).Draw(t, "query")
		units := Split(text)
		tokens := Tokens(units)
		for _, token := range tokens {
			if utf8.RuneCountInString(token) > maxTokenLength+2 || strings.ContainsAny(token, " \n\x00\"") || token == "" {
				t.Fatalf("bad token %q", token)
			}
		}
		for i, u := range units {
			if u.Start >= u.End || u.End > len(text) || i > 0 && u.Start < units[i-1].End {
				t.Fatalf("unit %d is at %d to %d of %q", i, u.Start, u.End, text)
			}
		}
		for _, exactly := range []bool{false, true} {
			for _, w := range Split(query) {
				if slices.ContainsFunc(units, NewMatcher(w, !exactly, exactly).Matches) && !found(tokens, w.Lookups(!exactly, exactly)) {
					t.Fatalf("the index does not find %q in %q: %q", w.Exact, text, tokens)
				}
			}
		}
		if phrase := Split(query); len(phrase) > 0 && MatchPhrase(units, phrase) >= 0 {
			for _, w := range phrase {
				if !found(tokens, w.Lookups(false, true)) {
					t.Fatalf("the index does not find %q of a phrase in %q: %q", w.Exact, text, tokens)
				}
			}
		}
	})
}

// found reports whether tokens have one lookup of each group, as the index does.
func found(tokens []string, groups [][]Lookup) bool {
	return !slices.ContainsFunc(groups, func(group []Lookup) bool {
		return !slices.ContainsFunc(group, func(l Lookup) bool {
			return slices.ContainsFunc(tokens, func(token string) bool {
				return token == l.Token || l.Prefix && strings.HasPrefix(token, l.Token)
			})
		})
	})
}

func BenchmarkTokens(b *testing.B) {
	const text = "Mañana quedamos a las ocho en la estación, cerca de la plaza; ¿traes las canciones que grabamos? 🎉"
	for b.Loop() {
		Tokens(Split(text))
	}
}

func BenchmarkMatch(b *testing.B) {
	const text = "Mañana quedamos a las ocho en la estación, cerca de la plaza; ¿traes las canciones que grabamos? 🎉"
	m := NewMatcher(Split("grabados")[0], true, false)
	for b.Loop() {
		_ = slices.ContainsFunc(Split(text), m.Matches)
	}
}
