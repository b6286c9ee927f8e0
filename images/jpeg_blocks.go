package images

import "math"

// zigzag contains the positions of coefficients in a block, by the order in which a file has them.
var zigzag = [64]byte{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// decodeBlock decodes a block of component i of a scan that is not progressive. The coefficients are in zigzag order.
func (d *jpegDecoder) decodeBlock(s *jpegScan, i int, coefficients *[64]int32) {
	s.previous[i] += d.bits.readSigned(int(d.bits.readHuffman(s.dc[i]) & 15))
	coefficients[0] = s.previous[i]
	for k := 1; k < 64; k++ {
		v := d.bits.readHuffman(s.ac[i])
		zeros, size := int(v>>4), int(v&15)
		if size == 0 {
			if zeros < 15 {
				break
			}
			k += 15
			continue
		}
		if k += zeros; k > 63 {
			break
		}
		coefficients[k] = d.bits.readSigned(size)
	}
	d.decoded = d.decoded || !d.bits.exhausted
}

// bufferScan decodes one of several scans into the coefficients of its components. A scan of one component has only the
// blocks that cover the picture; a scan of several components has whole units.
func (d *jpegDecoder) bufferScan(s *jpegScan, c *canvas) error {
	if len(s.components) == 1 {
		comp := s.components[0]
		width := (d.frame.width*comp.h + 8*d.frame.maxH - 1) / (8 * d.frame.maxH)
		height := (d.frame.height*comp.v + 8*d.frame.maxV - 1) / (8 * d.frame.maxV)
		for n := range width * height {
			d.startUnit(s, n)
			if d.bits.exhausted && d.restart == 0 {
				return nil
			}
			d.bufferBlock(s, 0, n/width*comp.blocks.X+n%width)
			if n%width == 0 && c.ctx.Err() != nil {
				return c.ctx.Err()
			}
		}
		return nil
	}
	units := d.frame.units()
	for n := range units.X * units.Y {
		d.startUnit(s, n)
		if d.bits.exhausted && d.restart == 0 {
			return nil
		}
		for i, comp := range s.components {
			for b := range comp.h * comp.v {
				x, y := n%units.X*comp.h+b%comp.h, n/units.X*comp.v+b/comp.h
				d.bufferBlock(s, i, y*comp.blocks.X+x)
			}
		}
		if n%units.X == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
	}
	return nil
}

// bufferBlock decodes a block of component i of a scan into the coefficients that are kept.
func (d *jpegDecoder) bufferBlock(s *jpegScan, i, block int) {
	if d.bits.exhausted {
		return
	}
	comp := s.components[i]
	switch {
	case !d.frame.progressive:
		var coefficients [64]int32
		d.decodeBlock(s, i, &coefficients)
		for k, v := range coefficients {
			if v != 0 {
				d.keep(comp, block, k, v)
			}
		}
	case s.first == 0 && s.high == 0:
		s.previous[i] += d.bits.readSigned(int(d.bits.readHuffman(s.dc[i]) & 15))
		d.keep(comp, block, 0, s.previous[i]<<s.low)
		d.decoded = d.decoded || !d.bits.exhausted
	case s.first == 0:
		if d.bits.read(1) != 0 {
			comp.coefficient[block*d.block*d.block] |= 1 << s.low
		}
	case s.high == 0:
		d.decodeFirstAC(s, comp, block)
	default:
		d.refineAC(s, comp, block)
	}
}

// keep marks coefficient k of a block as nonzero, and stores its value if its frequency is low enough for the size into
// which blocks are decoded.
func (d *jpegDecoder) keep(comp *jpegComponent, block, k int, v int32) {
	comp.nonzero[block] |= 1 << k
	if x, y := int(zigzag[k]&7), int(zigzag[k]>>3); x < d.block && y < d.block {
		comp.coefficient[(block*d.block+y)*d.block+x] = int16(v)
	}
}

// loadBlock reads the stored coefficients of a block into an array in zigzag order. Coefficients that were not kept are
// zero.
func (d *jpegDecoder) loadBlock(comp *jpegComponent, block int, coefficients *[64]int32) {
	clear(coefficients[:])
	for k := range coefficients {
		if x, y := int(zigzag[k]&7), int(zigzag[k]>>3); x < d.block && y < d.block {
			coefficients[k] = int32(comp.coefficient[(block*d.block+y)*d.block+x])
		}
	}
}

// decodeFirstAC decodes the first bits of some coefficients of a block in a progressive scan (ITU T.81, G.1.2.2).
func (d *jpegDecoder) decodeFirstAC(s *jpegScan, comp *jpegComponent, block int) {
	if s.skip > 0 {
		s.skip--
		return
	}
	for k := s.first; k <= s.end; k++ {
		v := d.bits.readHuffman(s.ac[0])
		zeros, size := int(v>>4), int(v&15)
		if size == 0 {
			if zeros < 15 {
				s.skip = 1<<zeros + int(d.bits.read(zeros)) - 1
				return
			}
			k += 15
			continue
		}
		if k += zeros; k > s.end {
			return
		}
		d.keep(comp, block, k, d.bits.readSigned(size)<<s.low)
	}
}

// refineAC decodes one more bit of the coefficients of a block in a progressive scan (ITU T.81, G.1.2.3). Coefficients
// that are already nonzero get one more bit of precision. Between them, coefficients that were zero may become nonzero.
func (d *jpegDecoder) refineAC(s *jpegScan, comp *jpegComponent, block int) {
	k := s.first
	for s.skip == 0 && k <= s.end {
		v := d.bits.readHuffman(s.ac[0])
		zeros, size := int(v>>4), int(v&15)
		value := int32(0)
		if size == 0 && zeros < 15 {
			s.skip = 1<<zeros + int(d.bits.read(zeros))
			break
		}
		if size > 0 {
			value = -1 << s.low
			if d.bits.read(1) != 0 {
				value = 1 << s.low
			}
		}
		if k = d.refineNonzero(s, comp, block, k, zeros); k <= s.end && value != 0 {
			d.keep(comp, block, k, value)
		}
		k++
	}
	if s.skip > 0 {
		s.skip--
		d.refineNonzero(s, comp, block, k, math.MaxInt)
	}
}

// refineNonzero reads one more bit for each nonzero coefficient from position k on. It passes over as many zero
// coefficients as zeros says, stops at the next one and returns its position. If there is none, it returns a position
// after s.end.
func (d *jpegDecoder) refineNonzero(s *jpegScan, comp *jpegComponent, block, k, zeros int) int {
	for ; k <= s.end; k++ {
		if comp.nonzero[block]&(1<<k) == 0 {
			if zeros == 0 {
				return k
			}
			zeros--
			continue
		}
		if d.bits.read(1) == 0 {
			continue
		}
		if x, y := int(zigzag[k]&7), int(zigzag[k]>>3); x < d.block && y < d.block {
			v := &comp.coefficient[(block*d.block+y)*d.block+x]
			if delta := int16(1) << s.low; *v&delta == 0 || *v < 0 {
				if *v < 0 {
					*v -= delta
				} else {
					*v += delta
				}
			}
		}
	}
	return k
}

// inverseDCT converts the coefficients of a block to pixels (the inverse discrete cosine transform). If a block is
// decoded into fewer than 8 × 8 pixels, it uses only the coefficients of the lowest frequencies, which give the same
// picture in a smaller size.
type inverseDCT struct {
	block int
	basis [8][8]float32 // by pixel and by frequency
}

func newInverseDCT(block int) inverseDCT {
	t := inverseDCT{block: block}
	for x := range block {
		for u := range block {
			t.basis[x][u] = float32(math.Cos(float64((2*x+1)*u)*math.Pi/float64(2*block)) / 2)
		}
		t.basis[x][0] = float32(math.Sqrt2 / 4)
	}
	return t
}

// apply writes the pixels of a block. The coefficients and their quantization are in zigzag order.
func (t *inverseDCT) apply(coefficients *[64]int32, quant *[64]float32, samples []byte, stride int) {
	var columns [8][8]float32 // by frequency across and by pixel down
	var used [8]bool
	n, flat := t.block, true
	for k, v := range coefficients {
		x, y := int(zigzag[k]&7), int(zigzag[k]>>3)
		if v == 0 || x >= n || y >= n {
			continue
		}
		flat = flat && k == 0
		used[x] = true
		f := float32(v) * quant[k]
		for i := range n {
			columns[x][i] += f * t.basis[i][y]
		}
	}
	if flat {
		v := toSample(columns[0][0] * t.basis[0][0])
		for y := range n {
			row := samples[y*stride:][:n]
			for x := range row {
				row[x] = v
			}
		}
		return
	}
	for y := range n {
		row := samples[y*stride:][:n]
		for x := range row {
			var sum float32
			for u := range n {
				if used[u] {
					sum += columns[u][y] * t.basis[x][u]
				}
			}
			row[x] = toSample(sum)
		}
	}
}

// toSample returns a sample from 0 to 255 for a value around zero.
func toSample(v float32) byte { return byte(max(0, min(255, v+128.5))) }
