package e2e

import (
	"bytes"
	"slices"
	"strings"
)

// h264Bits writes the header fields of H.264 (ITU-T H.264, 7.3).
type h264Bits struct {
	bytes []byte
	count int // bits
}

func (b *h264Bits) put(v, n uint) {
	for i := range n {
		if b.count%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		b.bytes[b.count/8] |= byte(v>>(n-1-i)&1) << (7 - b.count%8)
		b.count++
	}
}

// golomb writes numbers in Exp-Golomb code.
func (b *h264Bits) golomb(numbers ...uint) {
	for _, v := range numbers {
		length := uint(0)
		for (v+1)>>length > 1 {
			length++
		}
		b.put(0, length)
		b.put(v+1, length+1)
	}
}

// unit returns a NAL unit of a kind, with the stop bit and the bytes that keep it from containing a start code.
func (b *h264Bits) unit(kind byte) []byte {
	b.put(1, 1)
	out, zeros := []byte{kind}, 0
	for _, v := range b.bytes {
		if zeros == 2 && v <= 3 {
			out, zeros = append(out, 3), 0
		}
		if zeros++; v != 0 {
			zeros = 0
		}
		out = append(out, v)
	}
	return out
}

// h264Video returns the parameter sets and the frames of a gray video of 64 × 64 pixels, whose macroblocks are not
// compressed.
func h264Video(frames int) (sequence, picture []byte, samples [][]byte) {
	var s, p h264Bits
	s.put(66<<16|0xc0<<8|10, 24) // baseline profile, level 1
	s.golomb(0, 0, 2, 0)         // order of output as decoded, no reference frames
	s.put(0, 1)
	s.golomb(3, 3)   // 4 × 4 macroblocks
	s.put(0b1100, 4) // frames, no cropping
	p.golomb(0, 0)
	p.put(0, 2)
	p.golomb(0, 0, 0)
	p.put(0, 3)
	p.golomb(0, 0, 0)
	p.put(0b100, 3) // the slices say whether blocks are filtered
	for n := range frames {
		var f h264Bits
		f.golomb(0, 7, 0) // an intra slice of the whole picture
		f.put(0, 4)
		f.golomb(uint(n % 2))
		f.put(0, 2)
		f.golomb(0, 1) // not filtered
		for range 16 {
			f.golomb(25) // a macroblock of plain samples
			f.put(0, uint(8-f.count%8)%8)
			for range 256 + 2*64 {
				f.put(0x80, 8)
			}
		}
		unit := f.unit(0x65)
		samples = append(samples, append(numbers32(uint32(len(unit))), unit...))
	}
	return s.unit(0x67), p.unit(0x68), samples
}

// atom returns a part of a QuickTime file.
func atom(kind string, content ...[]byte) []byte {
	all := slices.Concat(content...)
	return append(append(numbers32(uint32(8+len(all))), kind...), all...)
}

// numbers32 returns numbers of 32 bits.
func numbers32(all ...uint32) (b []byte) {
	for _, n := range all {
		b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return b
}

// movPlace is the place that the videos of mov contain.
const movPlace = "+40.4168-003.7038/"

// mov writes a QuickTime video of some frames in H.264, one each second, with the place where it was recorded.
func (a sampleFiles) mov(name string, frames int) string {
	a.Helper()
	sequence, picture, samples := h264Video(frames)
	n := uint32(frames)
	start := atom("ftyp", []byte("qt  \x00\x00\x02\x00qt  "))
	var sizes []uint32
	for _, s := range samples {
		sizes = append(sizes, uint32(len(s)))
	}
	matrix := numbers32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)
	config := slices.Concat([]byte{1}, sequence[1:4], []byte{0xff, 0xe1, 0, byte(len(sequence))}, sequence,
		[]byte{1, 0, byte(len(picture))}, picture)
	description := slices.Concat(numbers32(0, 1), make([]byte, 16), numbers32(64<<16|64, 72<<16, 72<<16, 0),
		[]byte{0, 1}, make([]byte, 32), []byte{0, 24, 0xff, 0xff}, atom("avcC", config))
	table := atom("stbl", atom("stsd", numbers32(0, 1), atom("avc1", description)),
		atom("stts", numbers32(0, 1, n, 1000)), atom("stsc", numbers32(0, 1, 1, n, 1)),
		atom("stsz", numbers32(0, 0, n), numbers32(sizes...)), atom("stco", numbers32(0, 1, uint32(len(start)+8))))
	media := atom("mdia", atom("mdhd", numbers32(0, 0, 0, 1000, 1000*n, 0)),
		atom("hdlr", numbers32(0), []byte("mhlrvide"), make([]byte, 13)),
		atom("minf", atom("vmhd", numbers32(1, 0, 0)),
			atom("dinf", atom("dref", numbers32(0, 1), atom("url ", numbers32(1)))), table))
	header := atom("tkhd", numbers32(7, 0, 0, 1, 0, 1000*n, 0, 0, 0, 0), matrix, numbers32(64<<16, 64<<16))
	track := atom("trak", header, media)
	movie := atom("moov", atom("mvhd", numbers32(0, 0, 0, 1000, 1000*n, 1<<16, 1<<24, 0, 0), matrix, make([]byte, 24),
		numbers32(2)), track, atom("udta", atom("\xa9xyz", []byte("\x00\x12\x15\xc7"+movPlace))))
	file := slices.Concat(start, atom("mdat", samples...), movie, atom("skip", []byte(movPlace)))
	if !bytes.Contains(file, []byte(strings.Trim(movPlace, "/"))) {
		a.Fatal("the video contains no place")
	}
	return a.write(name, file)
}
