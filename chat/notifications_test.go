package chat_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"charla/chat"
)

// What a server of letters does is no fault of ours, so that it is a warning to the end: see docs/watching.md.
func TestALetterThatIsGivenUpIsAWarning(t *testing.T) {
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
