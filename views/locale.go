package views

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"charla/chat"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Locale is the language of a page or fragment, and the time zone of the times that the server writes. Where JavaScript
// runs, the browser replaces those times by its own. The zero Locale is English in UTC.
type Locale struct {
	Lang string // "en" or "es"
	Zone *time.Location
}

// spanish is a JSON object that maps every English sentence of the program to its Spanish translation. english has only
// the sentences whose wording depends on a number. See translation for the values.
var (
	//go:embed es.json
	spanish []byte
	//go:embed en.json
	english []byte
)

var (
	languages       = []language.Tag{language.English, language.Spanish}
	languageMatcher = language.NewMatcher(languages)
	printers        = newPrinters()
)

// translation is a translated sentence. In JSON it is a string or, where the first argument is a number that decides
// the wording, an object with the texts for one and for other numbers: {"one": "%d file", "other": "%d files"}.
type translation struct{ One, Other string }

// UnmarshalJSON reads a string or an object with plural forms.
func (t *translation) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &t.Other)
	}
	type forms translation // a type without this method, so that it is not called again
	return json.Unmarshal(text, (*forms)(t))
}

// message returns the sentence for the catalog of x/text.
func (t translation) message() catalog.Message {
	if t.One == "" {
		return catalog.String(t.Other)
	}
	return plural.Selectf(1, "%d", "one", t.One, "other", t.Other)
}

// readTranslations parses an embedded file. It panics if the file is broken, because a build with it cannot work.
func readTranslations(text []byte) map[string]translation {
	sentences := map[string]translation{}
	if err := json.Unmarshal(text, &sentences); err != nil {
		panic(fmt.Sprintf("read translations: %v", err))
	}
	return sentences
}

// newPrinters returns a printer for each language by its code.
func newPrinters() map[string]*message.Printer {
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	for tag, text := range map[language.Tag][]byte{language.English: english, language.Spanish: spanish} {
		for sentence, translated := range readTranslations(text) {
			if err := b.Set(tag, sentence, translated.message()); err != nil {
				panic(fmt.Sprintf("translation of %q: %v", sentence, err))
			}
		}
	}
	all := map[string]*message.Printer{}
	for _, tag := range languages {
		all[tag.String()] = message.NewPrinter(tag, message.Catalog(b))
	}
	return all
}

// MatchLang returns the code of the language for a person: their own choice if it is supported, otherwise the best
// match for an Accept-Language header.
func MatchLang(choice, acceptLanguage string) string {
	if printers[choice] != nil {
		return choice
	}
	wanted, _, _ := language.ParseAcceptLanguage(acceptLanguage)
	_, i, _ := languageMatcher.Match(wanted...)
	return languages[i].String()
}

// T translates an English sentence and fills in its arguments as fmt.Sprintf does. Numbers are formatted as the
// language writes them.
func (l Locale) T(sentence string, args ...any) string {
	return printers[l.lang()].Sprintf(sentence, args...)
}

// Error returns the text of e for people.
func (l Locale) Error(e *chat.Error) string { return l.T(e.Format, e.Args...) }

// lang returns the code of the language for a lang attribute, which is "en" if l.Lang is not supported.
func (l Locale) lang() string {
	if printers[l.Lang] == nil {
		return "en"
	}
	return l.Lang
}

// localTime converts a timestamp to the time zone of l.
func (l Locale) localTime(at chat.Timestamp) time.Time {
	if l.Zone == nil {
		return at.Time()
	}
	return at.Time().In(l.Zone)
}

// TimeOfDay returns the time of day, such as "1:27 PM" in English and "13:27" in Spanish. It adds "UTC" where the
// zone is UTC, because hardly anybody lives there.
func (l Locale) TimeOfDay(at chat.Timestamp) string {
	layout := "3:04 PM"
	if l.lang() == "es" {
		layout = "15:04"
	}
	t := l.localTime(at)
	if t.Location() == time.UTC {
		layout += " UTC"
	}
	return t.Format(layout)
}

var (
	weekdays = []string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	months   = []string{"enero", "febrero", "marzo", "abril", "mayo", "junio",
		"julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
)

// Date returns the day, such as "Monday, November 30" in English and "lunes, 30 de noviembre" in Spanish. It adds the
// year if that is not the current one.
func (l Locale) Date(at chat.Timestamp) string {
	t := l.localTime(at)
	thisYear := t.Year() == time.Now().In(t.Location()).Year()
	switch {
	case l.lang() == "en" && thisYear:
		return t.Format("Monday, January 2")
	case l.lang() == "en":
		return t.Format("Monday, January 2, 2006")
	}
	date := weekdays[t.Weekday()] + ", " + strconv.Itoa(t.Day()) + " de " + months[t.Month()-1]
	if !thisYear {
		date += " de " + strconv.Itoa(t.Year())
	}
	return date
}

// rfc3339 returns a timestamp for the datetime attribute.
func rfc3339(at chat.Timestamp) string { return at.Time().Format(time.RFC3339) }

// dateTime returns the day and the time of day.
func (l Locale) dateTime(at chat.Timestamp) string { return l.Date(at) + ", " + l.TimeOfDay(at) }
