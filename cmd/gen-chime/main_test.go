package main

import (
	"bytes"
	"os"
	"testing"
)

func TestChimeFileIsCurrent(t *testing.T) {
	kept, err := os.ReadFile("../../static/chime.wav")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, wav(samples())) {
		t.Error("static/chime.wav is another: go run ./cmd/charla-chime static/chime.wav")
	}
	if len(kept) > 10<<10 {
		t.Errorf("it has %d bytes", len(kept))
	}
}

func TestChimeIsSoft(t *testing.T) {
	sound, most := samples(), int16(0)
	for i, s := range sound {
		most = max(most, s, -s)
		if i > 0 && max(s-sound[i-1], sound[i-1]-s) > 12000 {
			t.Fatalf("it clicks at %d", i)
		}
	}
	if most < 6000 || most > 20000 {
		t.Errorf("it is as loud as %d of 32767", most)
	}
	if last := sound[len(sound)-1]; last != 0 && last > 20 || last < -20 {
		t.Errorf("it breaks off at %d", last)
	}
}
