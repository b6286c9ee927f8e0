package main

import (
	"os"
	"regexp"
	"testing"
)

// The README's table of settings is that of the code, in its order and with its defaults.
func TestTheREADMETellsEverySetting(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `((?:CHARLA|DATABASE|NATS|S3|SMTP)_[A-Z_]+)` \\|\\s*(?:`([^`]*)`|([^|`]*))\\s*\\|")
	told := row.FindAllStringSubmatch(string(readme), -1)
	if len(told) != len(options) {
		t.Fatalf("the README tells %d settings, the code has %d", len(told), len(options))
	}
	for i, o := range options {
		if told[i][1] != o.env || told[i][2] != o.value && o.env != "CHARLA_TIMEZONE" {
			t.Errorf("the README tells %s with %q, the code has %s with %q", told[i][1], told[i][2], o.env, o.value)
		}
	}
}
