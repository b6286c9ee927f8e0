package views

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"charla/chat"
)

// TestEverySentenceIsTranslated reads the source of the program. Every sentence for people must have a Spanish
// translation, and every translation must be used.
func TestEverySentenceIsTranslated(t *testing.T) {
	translated := readTranslations(spanish)
	used := sentences(t)
	if len(used) < 50 {
		t.Fatalf("found only %d sentences in the source", len(used))
	}
	for _, english := range slices.Sorted(maps.Keys(used)) {
		spanish := translated[english]
		if spanish.Other == "" {
			t.Errorf("%s: no Spanish translation of %q", used[english], english)
			continue
		}
		for _, form := range []string{spanish.One, spanish.Other} {
			if form != "" && verbs(english) != verbs(form) {
				t.Errorf("%q and %q take different arguments", english, form)
			}
		}
	}
	for _, english := range slices.Sorted(maps.Keys(translated)) {
		if used[english] == "" {
			t.Errorf("es.json translates %q, which the program does not contain", english)
		}
	}
}

// sentences returns all English sentences of the source with their positions.
func sentences(t *testing.T) map[string]string {
	used := map[string]string{}
	for _, dir := range []string{".", "../handlers", "../handlers/web", "../handlers/stream", "../chat", "../images"} {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if english, ok := sentence(n); ok && strings.ContainsFunc(english, isLetter) {
					used[english] = set.Position(n.Pos()).String()
				}
				return true
			})
		}
	}
	return used
}

// sentence returns the English sentence of a syntax node that is T(…), chat.Errorf(code, …), invalidf(field, …) or
// Error{Format: …}.
func sentence(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		at := map[string]int{"T": 0, "Errorf": 1, "invalidf": 1}
		if i, ok := at[calledName(n.Fun)]; ok && i < len(n.Args) {
			return literal(n.Args[i])
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Format" {
			return literal(n.Value)
		}
	}
	return "", false
}

// calledName returns the name of a called function without its package. It returns "" for fmt.Errorf, whose texts are
// not for people.
func calledName(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "fmt" {
			return ""
		}
		return f.Sel.Name
	}
	return ""
}

// literal returns the value of a string literal, or of several that are joined by +.
func literal(e ast.Expr) (string, bool) {
	if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		left, ok := literal(sum.X)
		right, ok2 := literal(sum.Y)
		return left + right, ok && ok2
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// isLetter excludes the letters of verbs, so that formats like "%d" are not sentences.
func isLetter(r rune) bool { return r == ' ' || r >= 'A' && r <= 'Z' || r >= 'e' && r <= 'z' }

func verbs(format string) string {
	var found []string
	for i, part := range strings.Split(format, "%") {
		if i > 0 && part != "" {
			found = append(found, part[:1])
		}
	}
	slices.Sort(found)
	return strings.Join(found, "")
}

func TestMatchLang(t *testing.T) {
	for _, tc := range []struct{ choice, accept, want string }{
		{"", "", "en"}, {"", "es-CO,es;q=0.9,en;q=0.8", "es"}, {"", "de-DE", "en"}, {"", "de;q=0.9,es;q=0.5", "es"},
		{"es", "en-GB", "es"}, {"en", "es", "en"}, {"fr", "es", "es"}, {"", "\x00;;q=", "en"},
	} {
		if got := MatchLang(tc.choice, tc.accept); got != tc.want {
			t.Errorf("MatchLang(%q, %q) = %q, want %q", tc.choice, tc.accept, got, tc.want)
		}
	}
	e := chat.Errorf(chat.Invalid, "A name can have at most %d characters.", 40)
	if got := (Locale{Lang: "es"}).Error(e); got != "Un nombre puede tener como máximo 40 caracteres." {
		t.Errorf("Spanish error text: got %q", got)
	}
	if got := (Locale{}).Error(e); got != e.Error() {
		t.Errorf("error text of the zero Locale: got %q", got)
	}
}

func TestDatesAndTimesFollowTheLocale(t *testing.T) {
	bogota, err := time.LoadLocation("America/Bogota")
	if err != nil {
		t.Fatal(err)
	}
	en, es := Locale{Lang: "en"}, Locale{Lang: "es", Zone: bogota}
	afternoon := chat.TimestampOf(time.Date(2019, 11, 30, 13, 27, 0, 0, time.UTC))
	night := chat.TimestampOf(time.Date(2019, 11, 21, 2, 30, 0, 0, time.UTC)) // the evening before in Bogotá
	newYear := chat.TimestampOf(time.Date(time.Now().Year(), 1, 1, 12, 0, 0, 0, time.UTC))
	for got, want := range map[string]string{
		en.TimeOfDay(afternoon):                       "1:27 PM UTC",
		Locale{Zone: bogota}.TimeOfDay(afternoon):     "8:27 AM",
		es.TimeOfDay(night):                           "21:30",
		en.Date(night):                                "Thursday, November 21, 2019",
		es.Date(night):                                "miércoles, 20 de noviembre de 2019",
		en.Date(newYear):                              newYear.Time().Format("Monday") + ", January 1",
		strings.SplitAfter(es.Date(newYear), "ro")[0]: es.Date(newYear),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPluralForms(t *testing.T) {
	en, es := Locale{}, Locale{Lang: "es"}
	for got, want := range map[string]string{
		en.T("%d members", 1): "1 member", en.T("%d members", 2): "2 members",
		en.T("%d members", 1234): "1,234 members",
		es.T("%d members", 1):    "1 miembro", es.T("%d members", 0): "0 miembros",
		es.T("Up to %d files, %d MB each", 1, 8): "Hasta 1 archivo de 8 MB",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
