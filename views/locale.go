package views

import (
	_ "embed"
	"encoding/json"
	"time"

	"charla/chat"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Locale is the language that a page or fragment is written in and the zone of the times that no script localises.
// The zero Locale is English in UTC.
type Locale struct {
	Lang string // "en" or "es"
	Zone *time.Location
}

// spanish maps every English sentence of the program to its Spanish one.
//
//go:embed es.json
var spanish []byte

var (
	tags     = []language.Tag{language.English, language.Spanish}
	matcher  = language.NewMatcher(tags)
	printers = newPrinters()
)

func newPrinters() map[string]*message.Printer {
	words := map[string]string{}
	if err := json.Unmarshal(spanish, &words); err != nil {
		panic("views/es.json: " + err.Error())
	}
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	for english, translated := range words {
		if err := b.SetString(language.Spanish, english, translated); err != nil {
			panic("views/es.json: " + err.Error())
		}
	}
	return map[string]*message.Printer{
		"en": message.NewPrinter(language.English, message.Catalog(b)),
		"es": message.NewPrinter(language.Spanish, message.Catalog(b)),
	}
}

// MatchLang picks the language for a person: their own choice, else the best for an Accept-Language header.
func MatchLang(choice, acceptLanguage string) string {
	if printers[choice] != nil {
		return choice
	}
	wanted, _, _ := language.ParseAcceptLanguage(acceptLanguage)
	_, i, _ := matcher.Match(wanted...)
	return tags[i].String()
}

// T says an English sentence, in the manner of fmt.Sprintf, in the language of l.
func (l Locale) T(english string, args ...any) string {
	p := printers[l.Lang]
	if p == nil {
		p = printers["en"]
	}
	return p.Sprintf(english, args...)
}

// Error says what is wrong in the language of l.
func (l Locale) Error(e *chat.Error) string { return l.T(e.Format, e.Args...) }
