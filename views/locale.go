package views

import (
	_ "embed"
	"encoding/json"
	"strconv"
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
	languages       = []language.Tag{language.English, language.Spanish}
	languageMatcher = language.NewMatcher(languages)
	printers        = newPrinters()
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
	_, i, _ := languageMatcher.Match(wanted...)
	return languages[i].String()
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

// lang is the language for a lang attribute.
func (l Locale) lang() string {
	if printers[l.Lang] == nil {
		return "en"
	}
	return l.Lang
}

// localTime returns an instant in the zone of l.
func (l Locale) localTime(at chat.Timestamp) time.Time {
	if l.Zone == nil {
		return at.Time()
	}
	return at.Time().In(l.Zone)
}

// TimeOfDay writes the time of day in the zone of l, and says so where that is UTC: nobody lives there.
func (l Locale) TimeOfDay(at chat.Timestamp) string {
	t := l.localTime(at)
	if t.Location() == time.UTC {
		return t.Format("15:04 UTC")
	}
	return t.Format("15:04")
}

var (
	weekdays = []string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	months   = []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
)

// Date writes the day in the zone of l.
func (l Locale) Date(at chat.Timestamp) string {
	t := l.localTime(at)
	if l.lang() == "en" {
		return t.Format("Monday, 2 January 2006")
	}
	return weekdays[t.Weekday()] + ", " + strconv.Itoa(t.Day()) + " de " + months[t.Month()-1] + " de " + strconv.Itoa(t.Year())
}

// rfc3339 writes an instant for machines.
func rfc3339(at chat.Timestamp) string { return at.Time().Format(time.RFC3339) }

// dateTimeElement is a day and a time in the zone of l.
func (l Locale) dateTime(at chat.Timestamp) string { return l.Date(at) + ", " + l.TimeOfDay(at) }
