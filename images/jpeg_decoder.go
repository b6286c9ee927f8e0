package images

import (
	"bufio"
	"encoding/binary"
	"io"
)

// jpegDecoder decodes the pixels of a JPEG. Like a browser, it shows what it can: where data are missing or invalid, it
// goes on after the next restart marker, and leaves blocks without data gray.
type jpegDecoder struct {
	bits     jpegBits
	frame    *jpegFrame
	block    int // the number of pixels of a side into which a block is decoded
	idct     inverseDCT
	quant    [4][64]float32
	hasQuant [4]bool
	huffman  [2][4]huffmanTable // for DC and for AC coefficients
	restart  int                // the number of units between two restart markers; 0 for none
	decoded  bool               // some block was decoded
}

// jpegScan is the header of a scan, and the state of its decoding.
type jpegScan struct {
	components []*jpegComponent
	dc, ac     []*huffmanTable // by component
	previous   []int32         // the last DC coefficient of each component
	first, end int             // the range of coefficients, in zigzag order
	high, low  uint            // the bit positions of successive approximation
	skip       int             // how many more blocks have no coefficients in a progressive scan
}

// decodeJPEG decodes a JPEG into a canvas.
func decodeJPEG(src io.ReadSeeker, frame *jpegFrame, block int, c *canvas) error {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return err
	}
	d := &jpegDecoder{frame: frame, block: block, idct: newInverseDCT(block)}
	d.bits.r = bufio.NewReaderSize(src, 64<<10)
	for i := range frame.components {
		comp := &frame.components[i]
		comp.stride = comp.blocks.X * block
		comp.samples = make([]byte, comp.stride*comp.v*block)
		if frame.buffered {
			n := comp.blocks.X * comp.blocks.Y
			comp.nonzero, comp.coefficient = make([]uint64, n), make([]int16, n*block*block)
		}
	}
	defer func() {
		for i := range frame.components { // so that the memory can be used for the renditions
			frame.components[i].nonzero, frame.components[i].coefficient = nil, nil
		}
	}()
	if err := d.readSegments(c); err != nil {
		return err
	}
	if !d.decoded {
		return ErrUndecodable
	}
	if frame.buffered {
		return d.drawBuffered(c)
	}
	return nil
}

// readSegments reads all segments and decodes the scans.
func (d *jpegDecoder) readSegments(c *canvas) error {
	for {
		marker, err := d.bits.nextMarker()
		if err != nil || marker == endOfImage {
			return nil
		}
		segment, err := readSegment(d.bits.r, marker)
		if err != nil {
			return nil
		}
		switch marker {
		case quantTables:
			d.readQuantTables(segment)
		case huffmanTables:
			d.readHuffmanTables(segment)
		case restartInterval:
			if len(segment) >= 2 {
				d.restart = int(binary.BigEndian.Uint16(segment))
			}
		case startOfScan:
			scan, ok := d.parseScan(segment)
			if !ok {
				return nil
			}
			if !d.frame.buffered {
				return d.streamScan(scan, c)
			}
			if err := d.bufferScan(scan, c); err != nil {
				return err
			}
		}
	}
}

// readQuantTables reads quantization tables, of 8 or 16 bits for each coefficient.
func (d *jpegDecoder) readQuantTables(b []byte) {
	for len(b) > 0 {
		size, table := 1+int(b[0]>>4), b[0]&15
		if size > 2 || table > 3 || len(b) < 1+64*size {
			return
		}
		for i := range 64 {
			v := uint16(b[1+i*size])
			if size == 2 {
				v = binary.BigEndian.Uint16(b[1+2*i:])
			}
			d.quant[table][i] = float32(v)
		}
		d.hasQuant[table] = true
		b = b[1+64*size:]
	}
}

// readHuffmanTables reads Huffman tables.
func (d *jpegDecoder) readHuffmanTables(b []byte) {
	for len(b) >= 17 {
		class, table, n := b[0]>>4, b[0]&15, 0
		for _, count := range b[1:17] {
			n += int(count)
		}
		if class > 1 || table > 3 || n > 256 || len(b) < 17+n {
			return
		}
		d.huffman[class][table] = newHuffmanTable(b[1:17], b[17:17+n])
		b = b[17+n:]
	}
}

// parseScan parses the header of a scan. It returns false if the header is invalid.
func (d *jpegDecoder) parseScan(b []byte) (*jpegScan, bool) {
	if len(b) == 0 || len(b) < 4+2*int(b[0]) {
		return nil, false
	}
	n := int(b[0])
	s := &jpegScan{previous: make([]int32, n)}
	for i := range n {
		id, tables := b[1+2*i], b[2+2*i]
		for k := range d.frame.components {
			if c := &d.frame.components[k]; c.id == id {
				s.components = append(s.components, c)
				break
			}
		}
		if len(s.components) != i+1 || tables>>4 > 3 || tables&15 > 3 {
			return nil, false
		}
		s.dc = append(s.dc, &d.huffman[0][tables>>4])
		s.ac = append(s.ac, &d.huffman[1][tables&15])
	}
	rest := b[1+2*n:]
	s.first, s.end, s.high, s.low = int(rest[0]), int(rest[1]), uint(rest[2]>>4), uint(rest[2]&15)
	if !d.frame.progressive {
		s.first, s.end, s.high, s.low = 0, 63, 0, 0
	}
	if n == 0 || s.first > s.end || s.end > 63 || s.low > 13 ||
		d.frame.progressive && (s.first > 0 && n > 1 || s.first == 0 && s.end > 0) {
		return nil, false
	}
	return s, d.latchQuantTables(s)
}

// latchQuantTables remembers the quantization table of each component at its first scan. It returns false if there is
// none.
func (d *jpegDecoder) latchQuantTables(s *jpegScan) bool {
	for _, c := range s.components {
		if !d.hasQuant[c.table] {
			return false
		}
		if !c.hasQuant {
			c.quant, c.hasQuant = d.quant[c.table], true
		}
	}
	return true
}

// startUnit reads the restart marker that may come before a unit.
func (d *jpegDecoder) startUnit(s *jpegScan, unit int) {
	if unit == 0 || d.restart > 0 && unit%d.restart == 0 {
		d.bits.restart(unit > 0)
		clear(s.previous)
		s.skip = 0
	}
}

// streamScan decodes the only scan of a picture and draws each row of units.
func (d *jpegDecoder) streamScan(s *jpegScan, c *canvas) error {
	units := d.frame.units()
	rgba := make([]byte, 4*d.frame.scaled(d.block).X)
	var coefficients [64]int32
	for y := range units.Y {
		for x := range units.X {
			d.startUnit(s, y*units.X+x)
			for i, comp := range s.components {
				for n := range comp.h * comp.v {
					clear(coefficients[:])
					if !d.bits.exhausted {
						d.decodeBlock(s, i, &coefficients)
					}
					d.idct.apply(&coefficients, &comp.quant, comp.samples[n/comp.h*d.block*comp.stride+
						(x*comp.h+n%comp.h)*d.block:], comp.stride)
				}
			}
		}
		if err := d.drawRow(y, rgba, c); err != nil {
			return err
		}
	}
	return nil
}

// drawBuffered draws a picture after all its scans.
func (d *jpegDecoder) drawBuffered(c *canvas) error {
	rgba := make([]byte, 4*d.frame.scaled(d.block).X)
	var coefficients [64]int32
	for y := range d.frame.units().Y {
		for i := range d.frame.components {
			comp := &d.frame.components[i]
			for n := range comp.v * comp.blocks.X {
				row, x := n/comp.blocks.X, n%comp.blocks.X
				block := (y*comp.v+row)*comp.blocks.X + x
				d.loadBlock(comp, block, &coefficients)
				d.idct.apply(&coefficients, &comp.quant,
					comp.samples[row*d.block*comp.stride+x*d.block:], comp.stride)
			}
		}
		if err := d.drawRow(y, rgba, c); err != nil {
			return err
		}
	}
	return nil
}

// drawRow converts the samples of a row of units and adds them to the canvas.
func (d *jpegDecoder) drawRow(unit int, rgba []byte, c *canvas) error {
	height := d.frame.maxV * d.block
	rows := min(height, d.frame.scaled(d.block).Y-unit*height)
	for y := range rows {
		d.frame.toRGBA(rgba, y)
		if err := c.addRow(rgba); err != nil {
			return err
		}
	}
	return nil
}
