package chat_test

import (
	"errors"
	"strings"
	"testing"

	"charla/chat"
)

// TestCauseIsOnlyInTheLog checks that the error message for logs includes the cause and the text for users does not.
func TestCauseIsOnlyInTheLog(t *testing.T) {
	err := chat.DatabaseUnavailable(errors.New("disk is full"))
	if got := err.Error(); !strings.HasSuffix(got, "(disk is full)") || strings.Contains(err.Format, "disk") {
		t.Errorf("message for the log %q, for the user %q", got, err.Format)
	}
}
