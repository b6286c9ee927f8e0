package chaos

import "testing"

// Own messages, deleted messages and read messages are not unread.
func TestExpectedStates(t *testing.T) {
	_, db := cleanHistory()
	for i, want := range []conversationState{{testRoom, 16, 1, 2}, {testRoom, 16, 10, 1}, {testRoom, 16, 0, 2}} {
		who := db.Members[i].User
		if got := db.expectedStates(who); len(got) != 1 || got[0] != want {
			t.Errorf("%d: %v, not %v", who, got, want)
		}
	}
}
