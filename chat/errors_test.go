package chat_test

import (
	"errors"
	"strings"
	"testing"

	"charla/chat"
)

// The log is told the cause of a failure, and its reader is not.
func TestTheCauseIsForTheLog(t *testing.T) {
	err := chat.DatabaseUnavailable(errors.New("disk is full"))
	if got := err.Error(); !strings.HasSuffix(got, "(disk is full)") || strings.Contains(err.Format, "disk") {
		t.Errorf("%q, %q", got, err.Format)
	}
}
