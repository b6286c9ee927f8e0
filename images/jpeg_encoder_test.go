package images

import (
	"bytes"
	"image"
	"math"
)

// testJPEG is an encoder of JPEGs of all kinds. Its components have any sampling factors, and restart is the number of
// units between restart markers.
type testJPEG struct {
	width, height int
	factors       [][2]int
	restart       int
	blocks        [][][64]int // the quantized coefficients of each component, in zigzag order
	out           bytes.Buffer
	bits, count   uint
}

const testQuantum = 4

// newTestJPEG transforms a picture. Every component is sampled at the middle of its pixels.
func newTestJPEG(width, height, restart int, factors [][2]int, at func(c, x, y int) byte) *testJPEG {
	e := &testJPEG{width: width, height: height, factors: factors, restart: restart}
	e.blocks = make([][][64]int, len(factors))
	for c, f := range factors {
		size := e.blocksOf(f)
		for n := range size.X * size.Y {
			var pixels [64]float64
			for i := range pixels {
				x, y := n%size.X*8+i%8, n/size.X*8+i/8
				pixels[i] = float64(at(c, (2*x+1)*e.maximum(0)/(2*f[0]), (2*y+1)*e.maximum(1)/(2*f[1]))) - 128
			}
			e.blocks[c] = append(e.blocks[c], forwardDCT(&pixels))
		}
	}
	return e
}

// forwardDCT returns the quantized coefficients of a block.
func forwardDCT(pixels *[64]float64) (out [64]int) {
	for k := range out {
		u, v, sum := int(zigzag[k]&7), int(zigzag[k]>>3), 0.0
		for i, p := range pixels {
			sum += p * math.Cos(float64((2*(i%8)+1)*u)*math.Pi/16) * math.Cos(float64((2*(i/8)+1)*v)*math.Pi/16)
		}
		for _, f := range []int{u, v} {
			if f == 0 {
				sum /= math.Sqrt2
			}
		}
		out[k] = int(math.Round(sum / 4 / testQuantum))
	}
	return out
}

func (e *testJPEG) maximum(axis int) (most int) {
	for _, f := range e.factors {
		most = max(most, f[axis])
	}
	return most
}

// units returns how many units cover the picture.
func (e *testJPEG) units() image.Point {
	h, v := 8*e.maximum(0), 8*e.maximum(1)
	return image.Pt((e.width+h-1)/h, (e.height+v-1)/v)
}

func (e *testJPEG) blocksOf(f [2]int) image.Point {
	return image.Pt(e.units().X*f[0], e.units().Y*f[1])
}

func (e *testJPEG) segment(marker byte, content ...byte) {
	n := len(content) + 2
	e.out.Write(append([]byte{0xff, marker, byte(n >> 8), byte(n)}, content...))
}

// start writes everything before the first scan. All Huffman codes have 8 bits and are their own values.
func (e *testJPEG) start(frame byte) {
	e.out.Write([]byte{0xff, startOfImage})
	e.segment(quantTables, append([]byte{0}, bytes.Repeat([]byte{testQuantum}, 64)...)...)
	content := []byte{8, byte(e.height >> 8), byte(e.height), byte(e.width >> 8), byte(e.width), byte(len(e.factors))}
	for c, f := range e.factors {
		content = append(content, byte(c+1), byte(f[0]<<4|f[1]), 0)
	}
	e.segment(frame, content...)
	for _, table := range []byte{0x00, 0x10} {
		codes := append([]byte{table}, make([]byte, 16)...)
		codes[8] = 255
		for v := range byte(255) {
			codes = append(codes, v)
		}
		e.segment(huffmanTables, codes...)
	}
	e.segment(restartInterval, byte(e.restart>>8), byte(e.restart))
}

// scan writes a scan of some components. write writes a block.
func (e *testJPEG) scan(components []int, first, end, high, low byte, write func(c int, block *[64]int)) {
	content := []byte{byte(len(components))}
	for _, c := range components {
		content = append(content, byte(c+1), 0)
	}
	e.segment(startOfScan, append(content, first, end, high<<4|low)...)
	units := e.units()
	if len(components) == 1 {
		f := e.factors[components[0]]
		h, v := 8*e.maximum(0), 8*e.maximum(1)
		units = image.Pt((e.width*f[0]+h-1)/h, (e.height*f[1]+v-1)/v)
	}
	for n := range units.X * units.Y {
		if e.restart > 0 && n > 0 && n%e.restart == 0 {
			e.flush()
			e.out.Write([]byte{0xff, restart0 + byte(n/e.restart-1)%8})
			write(-1, nil)
		}
		for _, c := range components {
			f := e.factors[c]
			if len(components) == 1 {
				f = [2]int{1, 1}
			}
			for b := range f[0] * f[1] {
				x, y := n%units.X*f[0]+b%f[0], n/units.X*f[1]+b/f[0]
				write(c, &e.blocks[c][y*e.blocksOf(e.factors[c]).X+x])
			}
		}
	}
	e.flush()
}

func (e *testJPEG) put(v, n uint) {
	for i := range n {
		e.bits = e.bits<<1 | v>>(n-1-i)&1
		if e.count++; e.count == 8 {
			e.out.WriteByte(byte(e.bits))
			if byte(e.bits) == 0xff {
				e.out.WriteByte(0)
			}
			e.count = 0
		}
	}
}

func (e *testJPEG) flush() {
	for e.count > 0 {
		e.put(1, 1)
	}
}

// number writes a value with a code that has its size, and zeros that come before it.
func (e *testJPEG) number(zeros uint, v int) {
	size := uint(0)
	for n := max(v, -v); n > 0; n >>= 1 {
		size++
	}
	e.put(zeros<<4|size, 8)
	if v < 0 {
		v--
	}
	e.put(uint(v)&(1<<size-1), size)
}

// dc returns a function that writes the DC coefficients, without their lowest bits, of a first scan.
func (e *testJPEG) dc(low uint) func(c int, block *[64]int) {
	previous := map[int]int{}
	return func(c int, block *[64]int) {
		if c < 0 {
			clear(previous)
			return
		}
		e.number(0, block[0]>>low-previous[c])
		previous[c] = block[0] >> low
	}
}

// shifted returns a coefficient without its lowest bits.
func shifted(v int, low uint) int {
	if v < 0 {
		return -(-v >> low)
	}
	return v >> low
}

// ac writes some coefficients of a block in a first scan.
func (e *testJPEG) ac(block *[64]int, first, end int, low uint) {
	zeros := uint(0)
	for k := first; k <= end; k++ {
		v := shifted(block[k], low)
		if v == 0 {
			zeros++
			continue
		}
		for ; zeros > 15; zeros -= 16 {
			e.put(0xf0, 8)
		}
		e.number(zeros, v)
		zeros = 0
	}
	if zeros > 0 {
		e.put(0, 8)
	}
}

// refine writes one more bit of the coefficients of a block.
func (e *testJPEG) refine(block *[64]int, low uint) {
	last := 0 // the last coefficient that becomes non-zero
	for k := 1; k < 64; k++ {
		if v := shifted(block[k], low); v == 1 || v == -1 {
			last = k
		}
	}
	zeros, corrections := uint(0), []uint(nil)
	correct := func() {
		for _, bit := range corrections {
			e.put(bit, 1)
		}
		corrections = nil
	}
	for k := 1; k < 64; k++ {
		v := shifted(block[k], low)
		if v == 0 {
			zeros++
			continue
		}
		for ; zeros > 15 && k <= last; zeros -= 16 {
			e.put(0xf0, 8)
			correct()
		}
		if v != 1 && v != -1 {
			corrections = append(corrections, uint(max(v, -v))&1)
			continue
		}
		e.put(zeros<<4|1, 8)
		e.put(uint(v+1)/2, 1)
		correct()
		zeros = 0
	}
	if zeros > 0 || len(corrections) > 0 {
		e.put(0, 8)
		correct()
	}
}

// all returns the numbers of all components.
func (e *testJPEG) all() (list []int) {
	for c := range e.factors {
		list = append(list, c)
	}
	return list
}

// sequential returns the picture in one scan, or in one scan for each component.
func (e *testJPEG) sequential(separate bool) []byte {
	e.out.Reset()
	e.start(startOfFrame0)
	scans := [][]int{e.all()}
	if separate {
		scans = nil
		for c := range e.factors {
			scans = append(scans, []int{c})
		}
	}
	for _, components := range scans {
		dc := e.dc(0)
		e.scan(components, 0, 63, 0, 0, func(c int, block *[64]int) {
			dc(c, block)
			if c >= 0 {
				e.ac(block, 1, 63, 0)
			}
		})
	}
	e.out.Write([]byte{0xff, endOfImage})
	return bytes.Clone(e.out.Bytes())
}

// progressive returns the picture in many scans, which refine each other.
func (e *testJPEG) progressive() []byte {
	e.out.Reset()
	e.start(startOfFrame2)
	e.scan(e.all(), 0, 0, 0, 1, e.dc(1))
	ac := func(first, end int, low byte) {
		for c := range e.factors {
			e.scan([]int{c}, byte(first), byte(end), 0, low, func(c int, block *[64]int) {
				if c >= 0 {
					e.ac(block, first, end, uint(low))
				}
			})
		}
	}
	ac(1, 5, 2)
	ac(6, 63, 2)
	for low := byte(1); low < 2; low-- {
		for c := range e.factors {
			e.scan([]int{c}, 1, 63, low+1, low, func(c int, block *[64]int) {
				if c >= 0 {
					e.refine(block, uint(low))
				}
			})
		}
	}
	e.scan(e.all(), 0, 0, 1, 0, func(c int, block *[64]int) {
		if c >= 0 {
			e.put(uint(block[0])&1, 1)
		}
	})
	e.out.Write([]byte{0xff, endOfImage})
	return bytes.Clone(e.out.Bytes())
}
