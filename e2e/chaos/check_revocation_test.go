package chaos

import (
	"testing"
	"time"
)

// Time in which nodes could not learn of a log-out does not count.
func TestFaultFreeAfter(t *testing.T) {
	h := history{Faults: []faultRecord{{"one", atMillis(0), atMillis(1000)}, {"two", atMillis(2000), atMillis(3000)},
		{"three", atMillis(9000), atMillis(9500)}}}
	for from, want := range map[int]int{500: 3000 + 3000, 3500: 6500, 8000: 12500, 10000: 13000} {
		if got := h.faultFreeAfter(atMillis(from), 3*time.Second); !got.Equal(atMillis(want)) {
			t.Errorf("from %d: %v, not %v", from, got, atMillis(want))
		}
	}
}
