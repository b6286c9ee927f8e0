package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"charla/chat"
)

// TestNotifies lists by which media each kind of message notifies at each level. A mute leaves only the badge.
func TestNotifies(t *testing.T) {
	media := []chat.Medium{chat.MediumEmail, chat.MediumPush, chat.MediumSound, chat.MediumTitle, chat.MediumBadge}
	for _, c := range []struct {
		relevance              chat.Relevance
		nothing, mentions, all string
	}{
		{chat.RelevancePlain, "badge", "badge", "email push sound title badge"},
		{chat.RelevanceMention, "badge", "email push sound title badge", "email push sound title badge"},
		{chat.RelevanceChannel, "badge", "email push sound title badge", "email push sound title badge"},
		{chat.RelevanceHere, "badge", "sound title badge", "email push sound title badge"},
	} {
		for level, want := range map[chat.NotificationLevel]string{
			chat.LevelNothing: c.nothing, chat.LevelMentions: c.mentions, chat.LevelAll: c.all,
		} {
			for muted, want := range map[bool]string{false: want, true: "badge"} {
				var by []string
				for _, medium := range media {
					if chat.Notifies(medium, c.relevance, level, muted) {
						by = append(by, string(medium))
					}
				}
				wantEqual(t, fmt.Sprint("relevance ", c.relevance, " at ", level, ", muted: ", muted), strings.Join(by, " "), want)
			}
		}
	}
}

// TestMuteEnds checks when mutes end, also on days on which the clocks change, and that one ends without a change.
func TestMuteEnds(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	w := newFixture(t).with(func(o *chat.Options) { o.TimeZone = zone })
	clock := w.useFakeClock()
	ana := w.addUser(t, "Ana")
	general := chat.ConversationRef{Room: chat.General}
	mute := func(at, mute string) chat.Conversation {
		t.Helper()
		now, err := time.Parse(time.RFC3339, at)
		must(t, err)
		clock.at = now
		c, err := w.SetNotificationLevel(t.Context(), ana, general, "", mute)
		must(t, err)
		return c
	}
	for _, c := range [][3]string{
		{"2026-11-22T20:00:00+01:00", "1h", "2026-11-22T21:00:00+01:00"},
		{"2026-11-22T20:00:00+01:00", "8h", "2026-11-23T04:00:00+01:00"},
		{"2026-11-22T02:00:00+01:00", "tomorrow", "2026-11-23T08:00:00+01:00"},
		{"2026-03-28T20:00:00+01:00", "tomorrow", "2026-03-29T08:00:00+02:00"},
		{"2026-12-31T23:30:00+01:00", "tomorrow", "2027-01-01T08:00:00+01:00"},
		{"2026-10-24T12:00:00+02:00", "week", "2026-10-31T12:00:00+01:00"},
	} {
		muted := mute(c[0], c[1])
		wantEqual(t, c[0]+" "+c[1], muted.MutedUntil.Time().In(zone).Format(time.RFC3339), c[2])
		wantEqual(t, "muted", muted.Muted, true)
	}
	clock.advance(8 * 24 * time.Hour)
	c, err := w.Conversation(t.Context(), ana, general)
	must(t, err)
	wantEqual(t, "muted after the end", c.Muted, false)
	mute("2026-11-22T20:00:00+01:00", "forever")
	clock.advance(100 * 365 * 24 * time.Hour)
	c, err = w.Conversation(t.Context(), ana, general)
	must(t, err)
	wantEqual(t, "muted forever", c.Muted, true)
	wantEqual(t, "unmuted", mute("2026-11-22T20:00:00+01:00", "off").Muted, false)
}
