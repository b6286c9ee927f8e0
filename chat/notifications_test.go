package chat_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"charla/chat"
)

// TestGivenUpEmailIsLoggedAsWarning checks that failures of a mail server are logged as warnings up to the last
// attempt, because they are not errors of Charla. See docs/watching.md.
func TestGivenUpEmailIsLoggedAsWarning(t *testing.T) {
	w := newFixture(t)
	clock := w.useFakeClock()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	must(t, w.RequestPasswordReset(t.Context(), "ana@example.org", "en"))
	for attempt := 1; ; attempt++ {
		clock.advance(2 * time.Hour)
		claimed, err := w.ClaimNotifications(t.Context(), chat.MediumEmail, 1)
		must(t, err)
		if len(claimed) == 0 {
			wantEqual(t, "attempts", attempt-1, 10)
			break
		}
		must(t, w.RecordDelivery(t.Context(), claimed[0], nil, errors.New("nobody answers")))
	}
	wantEqual(t, "warnings", bytes.Count(log.Bytes(), []byte("level=WARN")), 10)
	wantEqual(t, "errors", bytes.Count(log.Bytes(), []byte("level=ERROR")), 0)
}
