package views

import "testing"

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Ana": "A", "Ana Pérez": "AP", "maría de la o": "MO", "王小明": "王", "(Bea) Ruiz": "BR", "": "?", "🦊 Fox": "🦊F",
		"éric":      "É",
		"دنا كوهين": "د\u200cك", "דנה כהן": "דכ",
	} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestPageTitle(t *testing.T) {
	for got, want := range map[string]string{
		PageTitle(Locale{}, 0, ""): "Charla", PageTitle(Locale{}, 3, "Ana"): "(3) Ana · Charla",
		PageTitle(Locale{}, 99, ""): "(99) Charla", PageTitle(Locale{}, 250, "Ana"): "(99+) Ana · Charla",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
