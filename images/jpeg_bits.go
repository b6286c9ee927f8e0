package images

import (
	"bufio"
)

// jpegBits reads the bits of a scan. After the last one it returns zeros.
type jpegBits struct {
	r         *bufio.Reader
	bits      uint64 // the next count bits, in the lowest places
	count     int
	padding   int  // how many of the last bits do not come from the file
	marker    byte // the marker that ended the data; 0 for none
	exhausted bool // some padding was used
}

// fill makes at least 16 bits available.
func (b *jpegBits) fill() {
	for b.count < 48 {
		v, ok := b.nextByte()
		if !ok {
			b.padding += 8
		}
		b.bits = b.bits<<8 | uint64(v)
		b.count += 8
	}
}

// nextByte returns the next byte of the scan. It returns false at a marker or at the end of the file.
func (b *jpegBits) nextByte() (byte, bool) {
	if b.marker != 0 {
		return 0, false
	}
	v, err := b.r.ReadByte()
	if err != nil {
		b.marker = endOfImage
		return 0, false
	}
	if v != 0xff {
		return v, true
	}
	for v == 0xff {
		if v, err = b.r.ReadByte(); err != nil {
			b.marker = endOfImage
			return 0, false
		}
	}
	if v == 0 {
		return 0xff, true
	}
	b.marker = v
	return 0, false
}

// nextMarker returns the next marker that starts a segment or ends the picture.
func (b *jpegBits) nextMarker() (byte, error) {
	marker := b.marker
	b.marker, b.count, b.padding, b.exhausted = 0, 0, 0, false
	if marker > 1 && (marker < restart0 || marker > startOfImage) {
		return marker, nil
	}
	return nextMarker(b.r)
}

// restart drops the rest of the current byte. If the scan goes on, it also reads up to the next restart marker. If
// there is another marker, the data of the scan have ended.
func (b *jpegBits) restart(goesOn bool) {
	b.bits, b.count, b.padding = 0, 0, 0
	if !goesOn {
		b.marker, b.exhausted = 0, false
		return
	}
	for b.marker == 0 {
		b.nextByte()
	}
	b.exhausted = b.marker < restart0 || b.marker > restart7
	if !b.exhausted {
		b.marker = 0
	}
}

// use removes n bits, of which at least as many must be available.
func (b *jpegBits) use(n int) {
	b.count -= n
	if b.count < b.padding {
		b.exhausted = true
	}
}

// read returns the next n bits, at most 16.
func (b *jpegBits) read(n int) int32 {
	if b.count < n {
		b.fill()
	}
	v := int32(b.bits>>(b.count-n)) & (1<<n - 1)
	b.use(n)
	return v
}

// readSigned returns the next n bits as a number that may be negative (ITU T.81, F.2.2.1).
func (b *jpegBits) readSigned(n int) int32 {
	if n == 0 {
		return 0
	}
	v := b.read(n)
	if v < 1<<(n-1) {
		v += -1<<n + 1
	}
	return v
}

// huffmanTable decodes Huffman codes.
type huffmanTable struct {
	short  [256]uint16 // by the first 8 bits of a code: 256 times its length, plus its value; 0 for a longer code
	end    [17]int32   // by the length of a code: the first code that is too large, in 16 bits
	offset [17]int32   // by the length: the index of the first value, minus the first code
	values [256]byte
}

// newHuffmanTable returns the table with counts[i] codes of the length i + 1.
func newHuffmanTable(counts, values []byte) (t huffmanTable) {
	copy(t.values[:], values)
	code, index := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		t.offset[length] = index - code
		for range counts[length-1] {
			if length <= 8 && code < 1<<length {
				first := code << (8 - length)
				for i := range int32(1) << (8 - length) {
					t.short[first+i] = uint16(length)<<8 | uint16(t.values[index&255])
				}
			}
			code, index = code+1, index+1
		}
		t.end[length] = code << (16 - length)
		code <<= 1
	}
	return t
}

// readHuffman returns the value of the next code. It returns 0 for an invalid code.
func (b *jpegBits) readHuffman(t *huffmanTable) byte {
	if b.count < 16 {
		b.fill()
	}
	next := int32(b.bits>>(b.count-16)) & 0xffff
	if short := t.short[next>>8]; short != 0 {
		b.use(int(short >> 8))
		return byte(short)
	}
	for length := 9; length <= 16; length++ {
		if next < t.end[length] {
			b.use(length)
			return t.values[(next>>(16-length)+t.offset[length])&255]
		}
	}
	b.use(16)
	return 0
}
