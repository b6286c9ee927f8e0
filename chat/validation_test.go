package chat

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"Ana":                         "Ana",
		"  Ana \t María ":             "Ana María",
		"Ana\u0301":                   "Aná",
		"Nguyễn Thị Ánh":              "Nguyễn Thị Ánh",
		"李小龍":                         "李小龍",
		"☕ Café":                      "☕ Café",
		"Ana \u2764\uFE0F":            "Ana \u2764",
		strings.Repeat("é", MaxName):  strings.Repeat("é", MaxName),
		strings.Repeat("e\u0301", 40): strings.Repeat("é", 40),
		// Joiners and several marks are part of many scripts.
		"ශ්\u200Dරීමා":    "ශ්\u200Dරීමා",    // Sinhala: a joiner after a virama
		"علی\u200Cرضا":    "علی\u200Cرضا",    // Persian: a non-joiner between letters
		"അവന്\u200D":      "അവന്\u200D",      // Malayalam: a joiner at the end of a word
		"র\u200D্যাব":     "র\u200D্যাব",     // Bengali: a joiner between a letter and a mark
		"ಶ್ರೀ ರ\u200D್ಯಾ": "ಶ್ರೀ ರ\u200D್ಯಾ", // Kannada
		"སྒྲོལ་མ":         "སྒྲོལ་མ",         // Tibetan: three marks on one letter
		"पढ़ें":           norm.NFC.String("पढ़ें"),
		"မြန်မာ ကြိုး":    "မြန်မာ ကြိုး", // Burmese
		"שַּׁבָּת":        norm.NFC.String("שַּׁבָּת"),
		"مُحَمَّد":        norm.NFC.String("مُحَمَّد"),
		"Ana 👩🏽\u200D🚀":   "Ana 👩🏽\u200D🚀",
		"❤\uFE0F\u200D🔥":  "❤\u200D🔥",
		// Characters that only choose a form, marks that several scripts share, and characters of newer Unicode versions.
		"ᠰᠠᠷ\u180Eᠠ":     "ᠰᠠᠷ\u180Eᠠ", // Mongolian: a separator before the last vowel
		"ᠬᠠ\u180Bᠨ":      "ᠬᠠ\u180Bᠨ",
		"عَلیِ\u200Cرضا": norm.NFC.String("عَلیِ\u200Cرضا"), // a vowel sign before the non-joiner
		"محمـ\u200Cعلی":  "محمـ\u200Cعلی",
		"ᾍδης":           "ᾍδης", // Greek: three marks on one letter
		"辻\U000E0100さん":  "辻さん",  // a form of the Han character
		"Tom 🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F": "Tom 🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F",
		"Ana \U0001FAE9": "Ana \U0001FAE9",
		"\U0002EBF0":     "\U0002EBF0",
	} {
		if got, err := CleanName(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	for what, in := range map[string]string{
		"empty":          "",
		"only space":     " \u00a0\t ",
		"too long":       strings.Repeat("a", MaxName+1),
		"control":        "A\x07na",
		"NUL":            "A\x00na",
		"invalid UTF-8":  "A\xffna",
		"bidi override":  "Ana\u202Enad",
		"bidi isolate":   "\u2066Ana",
		"zero width":     "A\u200Bna",
		"joiner":         "A\u200Dna",
		"byte order":     "\uFEFFAna",
		"soft hyphen":    "A\u00ADna",
		"filler":         "\u3164",
		"empty Braille":  "\u2800",
		"grapheme glue":  "A\u034Fna",
		"tag characters": "A\U000E0061",
		"a selector":     "\uFE0F",
		"a far selector": "A\U000E0101",
		"an object":      "\uFFFC",
		"unassigned":     "A\u0378",
		"a lone mark":    "\u0301",
		"stacked marks":  "A" + strings.Repeat("\u0301\u0302", 4),
		"one mark again": "ก" + strings.Repeat("\u0E49", 3),
		"many marks":     "ཀ\u0F71\u0F72\u0F74\u0F7A\u0F7B\u0F7C\u0F7E",

		"a joiner between digits":      "1\u200D2",
		"a joiner between two scripts": "علی\u200CAna",
		"a joiner at the start":        "\u200Cعلی",
		"a joiner after a symbol":      "Ana ❤\u200D",
		"a joiner at the end":          "علی\u200C",
		"a joiner between two marks":   "A\u0301\u200D\u0301",
		"a selector after another":     "A\u180B",
		"a separator at the end":       "ᠰᠠᠷ\u180E",
		"a flag with hidden letters":   "🏴\U000E0061\U000E007F",
	} {
		if got, err := CleanName(in); CodeOf(err) != Invalid || FieldErrors(err)["name"] == nil {
			t.Errorf("%s: %q passed as %q, %v", what, in, got, err)
		}
	}
}

func TestNameKey(t *testing.T) {
	for in, want := range map[string]string{
		"Iñaki Gómez": "inaki gomez", "ﬁsh": "fish", "STRASSE": "strasse", "Straße": "strasse", "Ａna": "ana",
		"علی\u200Cرضا": "علیرضا",
	} {
		if got := NameKey(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCleanEmail(t *testing.T) {
	for _, same := range [][]string{
		{"Ana@Example.org", "ana@example.org", " ANA@EXAMPLE.ORG "},
		{"josé@x.org", "jose\u0301@x.org", "JOSÉ@X.ORG"},
		{"a@münchen.de", "a@MÜNCHEN.de", "a@xn--mnchen-3ya.de", "a@mu\u0308nchen.de"},
		{"ana@x.org", "ａna@x.org"},
	} {
		_, want, err := CleanEmail(same[0])
		if err != nil {
			t.Errorf("%q: %v", same[0], err)
		}
		for _, in := range same[1:] {
			if _, got, err := CleanEmail(in); err != nil || got != want {
				t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
			}
		}
	}
	for _, in := range []string{"", "ana", "@x.org", "ana@", "Ana <ana@x.org>", "a b@x.org", "a@x.org\r\nBcc: b@x.org",
		"a\u202e@x.org", "a\x00@x.org", "a\xff@x.org", strings.Repeat("a", 250) + "@x.org", "a@x.org, b@x.org"} {
		if email, key, err := CleanEmail(in); CodeOf(err) != Invalid {
			t.Errorf("%q passed as %q, %q, %v", in, email, key, err)
		}
	}
}

func FuzzNormalizedFormsAreStable(f *testing.F) {
	for _, seed := range []string{
		"Ana María", "josé@MÜNCHEN.de", "ǅ@ß.org", "\u0345a@x.org", "A\u0300\u0301\u0302", "İ@i.org",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if name, err := CleanName(s); err == nil {
			if again, err := CleanName(name); err != nil || again != name {
				t.Errorf("name %q became %q, then %q, %v", s, name, again, err)
			}
		}
		if once := NameKey(s); NameKey(once) != once {
			t.Errorf("key of %q is %q, then %q", s, once, NameKey(once))
		}
		if _, key, err := CleanEmail(s); err == nil {
			if _, again, err := CleanEmail(key); err != nil || again != key {
				t.Errorf("address %q became %q, then %q, %v", s, key, again, err)
			}
		}
	})
}

func TestCleanBody(t *testing.T) {
	family := "👨‍👩‍👧‍👦" // one grapheme cluster of 25 bytes
	for in, want := range map[string]string{
		"hola":                                "hola",
		"one\r\ntwo\rthree":                   "one\ntwo\nthree",
		"\n\n  indented\n\n":                  "  indented",
		strings.Repeat("ñ", MaxMessage):       strings.Repeat("ñ", MaxMessage),
		strings.Repeat(family, 600):           strings.Repeat(family, 600),
		"kept\u202E and \u200B isolated":      "kept\u202E and \u200B isolated",
		"<b>&amp;</b> is text":                "<b>&amp;</b> is text",
		strings.Repeat("e\u0301", MaxMessage): strings.Repeat("e\u0301", MaxMessage),
	} {
		if got, err := cleanBody(in); err != nil || got != want {
			t.Errorf("%.40q: got %.40q, %v", in, got, err)
		}
	}
	for what, in := range map[string]string{
		"empty": "", "blank": " \n\t ", "NUL": "a\x00", "invalid": "a\xff",
		"too many": strings.Repeat("a", MaxMessage+1), "too large": strings.Repeat(family, 700),
	} {
		if _, err := cleanBody(in); CodeOf(err) != Invalid || FieldErrors(err)["body"] == nil {
			t.Errorf("%s passed: %v", what, err)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	for _, good := range []string{
		"tortilla-y-pan", strings.Repeat("ab", MaxPasswordBytes/2), "ñandúñandú", "        a", "пароль-1", "密码密码密码一二",
		strings.Repeat("ae\u0301", MaxPasswordBytes/3), // shorter in NFC
	} {
		if err := checkPassword(good, "Ana", "ana@x.org"); err != nil {
			t.Errorf("%.20q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "short", "password", "Password1", "12345678", "iloveyou", "aaaaaaaaaaaa", strings.Repeat("ab", 513),
		"Ana María López", "ana.lopez@x.org", "ana.lopez", "nul\x00nul\x00", "密码密码密码一", "ñññññññ",
		"e\u0301e\u0301e\u0301e\u0301xyz", // 11 code points, 7 characters in NFC
		"ñññññññññ", strings.Repeat("ñ", 513), strings.Repeat("n\u0303o", 400), "\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		if err := checkPassword(bad, "Ana María López", "Ana.Lopez@x.org"); CodeOf(err) != Invalid ||
			FieldErrors(err)["password"] == nil {
			t.Errorf("%.20q passed: %v", bad, err)
		}
	}
}

func TestHasher(t *testing.T) {
	h := newHasher()
	one, err := h.hash(t.Context(), "tortilla-y-pan")
	if err != nil || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(one, err)
	}
	two, _ := h.hash(t.Context(), "tortilla-y-pan")
	if one == two {
		t.Error("two hashes share a salt")
	}
	for password, want := range map[string]bool{"tortilla-y-pan": true, "tortilla-y-pam": false, "": false} {
		if ok, err := h.matches(t.Context(), one, password); err != nil || ok != want {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
	const composed, decomposed = "cora\u00e7\u00e3o-\u00e9l\u00e9gant", "corac\u0327a\u0303o-e\u0301le\u0301gant"
	salt := make([]byte, saltBytes)
	old := encodeHash(salt, derive(decomposed, salt)) // as older versions stored it
	for _, registered := range []string{composed, decomposed} {
		hash, _ := h.hash(t.Context(), registered)
		for _, typed := range []string{composed, decomposed} {
			if ok, err := h.matches(t.Context(), hash, typed); err != nil || !ok {
				t.Errorf("registered as %+q, %+q does not match: %v", registered, typed, err)
			}
		}
	}
	if ok, err := h.matches(t.Context(), old, decomposed); err != nil || !ok {
		t.Errorf("an old hash does not match: %v", err)
	}
	if ok, err := h.matches(t.Context(), "", decomposed); ok || err != nil {
		t.Error("a decomposed password matched an empty hash", err)
	}
	if ok, err := h.matches(t.Context(), "", "tortilla-y-pan"); ok || err != nil {
		t.Error("a password matched an empty hash", err)
	}
}
