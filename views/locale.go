package views

import (
	"cmp"
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

// Locale is the language of a page or fragment, the time zone of its times, and the name of the community. With
// JavaScript, the browser shows the times in its own time zone instead. The zero Locale is English in UTC.
type Locale struct {
	Lang      string // "en" or "es"
	Zone      *time.Location
	Community string // empty for chat.DefaultCommunityName
}

// CommunityName returns the name of the community.
func (l Locale) CommunityName() string { return cmp.Or(l.Community, chat.DefaultCommunityName) }

// These embedded files are JSON objects that map English sentences of the interface to translations. spanish contains
// every sentence. english contains only the sentences whose wording depends on a number. The type translation describes
// the values.
var (
	//go:embed es.json
	spanish []byte
	//go:embed en.json
	english []byte
)

// The supported languages, the matcher that chooses one of them for a user, and the printers that translate.
var (
	languages       = []language.Tag{language.English, language.Spanish}
	languageMatcher = language.NewMatcher(languages)
	printers        = newPrinters()
)

// translation is a sentence in one language. In JSON it is usually a string. If the wording depends on a number, which
// must be the first argument, it is an object with two texts, one for the number 1 and the other for all other numbers:
// {"one": "%d file", "other": "%d files"}.
type translation struct{ One, Other string }

// UnmarshalJSON reads a translation from a JSON string, or from a JSON object with the texts "one" and "other".
func (t *translation) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &t.Other)
	}
	type forms translation // a type without this method, so that it is not called again
	return json.Unmarshal(text, (*forms)(t))
}

// message converts the translation for the catalog of golang.org/x/text.
func (t translation) message() catalog.Message {
	if t.One == "" {
		return catalog.String(t.Other)
	}
	return plural.Selectf(1, "%d", "one", t.One, "other", t.Other)
}

// readTranslations parses an embedded file of translations. It panics if the file is malformed, because then the
// program was built wrongly.
func readTranslations(text []byte) map[string]translation {
	sentences := map[string]translation{}
	if err := json.Unmarshal(text, &sentences); err != nil {
		panic(fmt.Sprintf("read translations: %v", err))
	}
	return sentences
}

// newPrinters returns a printer for each language code. A printer translates sentences and formats numbers.
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

// MatchLang returns the code of the language to use for a user: the user's choice if it is supported, otherwise the
// best match for an Accept-Language header.
func MatchLang(choice, acceptLanguage string) string {
	if printers[choice] != nil {
		return choice
	}
	wanted, _, _ := language.ParseAcceptLanguage(acceptLanguage)
	_, i, _ := languageMatcher.Match(wanted...)
	return languages[i].String()
}

// T returns the translation of an English sentence, with the arguments inserted as fmt.Sprintf does. Numbers are
// formatted as is usual in the language.
func (l Locale) T(sentence string, args ...any) string {
	return printers[l.lang()].Sprintf(sentence, args...)
}

// Error returns the text of an error in the language of l.
func (l Locale) Error(e *chat.Error) string { return l.T(e.Format, e.Args...) }

// lang returns the language code for the lang attribute of HTML. It returns "en" if l.Lang is not supported.
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

// TimeOfDay returns the time of day, such as "1:27 PM" in English and "13:27" in Spanish. If l has the time zone UTC,
// it adds "UTC", because few people live in that zone and the others would take the time for their local time.
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

// The Spanish names of days and months. The time package has only English names.
var (
	weekdays = []string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	months   = []string{"enero", "febrero", "marzo", "abril", "mayo", "junio",
		"julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
)

// Date returns the day, such as "Monday, November 30" in English and "lunes, 30 de noviembre" in Spanish. It adds the
// year unless it is the current year.
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

// rfc3339 returns a timestamp in the format of HTML's datetime attribute.
func rfc3339(at chat.Timestamp) string { return at.Time().Format(time.RFC3339) }

// dateTime returns the date and the time of day, such as "Monday, November 30, 1:27 PM".
func (l Locale) dateTime(at chat.Timestamp) string { return l.Date(at) + ", " + l.TimeOfDay(at) }
