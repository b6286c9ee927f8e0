// Command gen-chime writes static/chime.wav, the sound of a new message: two soft tones. Run it by hand to change the
// sound.
//
//	go run ./cmd/gen-chime static/chime.wav
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
)

// The sound is not compressed, because every browser can play such a file. A sample rate of 8 kHz is enough for tones
// below 2 kHz.
const (
	sampleRate      = 8000 // 16-bit samples per second, on one channel
	durationSeconds = 0.6
	volume          = 0.35 // of the maximum
)

// tone is a note of the sound. It begins at the time start and fades out.
type tone struct{ start, frequency float64 } // seconds, Hz

// notes are the two notes of the sound: E5, then A5, which is a fourth higher.
var notes = []tone{{0, 659.26}, {0.14, 880}}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen-chime FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], wav(samples()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "gen-chime:", err)
		os.Exit(1)
	}
}

// samples returns the sound of all notes together. It fades to silence at the end.
func samples() []int16 {
	sound := make([]int16, int(sampleRate*durationSeconds))
	for i := range sound {
		t, sum := float64(i)/sampleRate, 0.0
		for _, n := range notes {
			sum += n.sample(t - n.start)
		}
		sum *= min(1, (durationSeconds-t)/0.1)
		sound[i] = int16(math.Round(sum * volume * math.MaxInt16))
	}
	return sound
}

// sample returns the amplitude of a note t seconds after the note starts. The note is a sine wave with a little of its
// octave. It rises within 8 ms, so that it does not click, and falls to a third of its loudness every 130 ms.
func (n tone) sample(t float64) float64 {
	if t < 0 {
		return 0
	}
	wave := 0.85*math.Sin(2*math.Pi*n.frequency*t) + 0.15*math.Sin(4*math.Pi*n.frequency*t)
	return wave * min(1, t/0.008) * math.Exp(-t/0.13)
}

// wav encodes samples as a RIFF file with one format chunk and one data chunk.
func wav(sound []int16) []byte {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			binary.Write(&b, binary.LittleEndian, v) // writing to a Buffer never fails
		}
	}
	size := uint32(2 * len(sound))
	put([]byte("RIFF"), 36+size, []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1))
	put(uint32(sampleRate), uint32(2*sampleRate), uint16(2), uint16(16))
	put([]byte("data"), size, sound)
	return b.Bytes()
}
