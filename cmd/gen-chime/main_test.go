package main

import (
	"bytes"
	"os"
	"testing"
)

func TestChimeFileIsCurrent(t *testing.T) {
	stored, err := os.ReadFile("../../static/chime.wav")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, wav(samples())) {
		t.Error("static/chime.wav is stale: go run ./cmd/gen-chime static/chime.wav")
	}
	if len(stored) > 10<<10 {
		t.Errorf("the file has %d bytes", len(stored))
	}
}

func TestChimeIsSoft(t *testing.T) {
	sound, most := samples(), int16(0)
	for i, s := range sound {
		most = max(most, s, -s)
		if i > 0 && max(s-sound[i-1], sound[i-1]-s) > 12000 {
			t.Fatalf("the sound clicks at sample %d", i)
		}
	}
	if most < 6000 || most > 20000 {
		t.Errorf("the loudest sample is %d of 32767", most)
	}
	if last := sound[len(sound)-1]; last != 0 && last > 20 || last < -20 {
		t.Errorf("the last sample is %d, so the sound breaks off", last)
	}
}
