package notify

import (
	"testing"
	"time"

	"charla/chat"
)

func TestNextDailyDigest(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-03-10T07:59:59+01:00": "2026-03-10T08:00:00+01:00",
		"2026-03-10T08:00:00+01:00": "2026-03-11T08:00:00+01:00",
		"2026-03-28T20:00:00+01:00": "2026-03-29T08:00:00+02:00", // the clocks change in between
		"2026-12-31T23:00:00+01:00": "2027-01-01T08:00:00+01:00",
	} {
		parsed, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		got := nextDailyDigest(chat.TimestampOf(parsed), zone).Time().In(zone).Format(time.RFC3339)
		if got != want {
			t.Errorf("after %s the next digest is at %s, want %s", now, got, want)
		}
	}
}
