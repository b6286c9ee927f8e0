package images

import "encoding/binary"

// toRGBA converts a row into RGBA with the color channels multiplied by alpha.
func (h *pngHeader) toRGBA(rgba, row []byte) {
	switch {
	case h.colorType == pngIndexed:
		for x := range len(rgba) / 4 {
			copy(rgba[4*x:4*x+4], h.palette[packed(row, x, h.depth)][:])
		}
	case h.hasTransparent || h.depth < 8:
		h.opaqueToRGBA(rgba, row)
	case h.colorType == pngRGB && h.depth == 8:
		for x := range len(rgba) / 4 {
			to, from := rgba[4*x:4*x+4:4*x+4], row[3*x:3*x+3:3*x+3]
			to[0], to[1], to[2], to[3] = from[0], from[1], from[2], 255
		}
	default:
		h.wholeBytesToRGBA(rgba, row)
	}
}

// packed returns the sample at x of a row with one sample of at most 8 bits for each pixel.
func packed(row []byte, x int, depth byte) byte {
	bit := x * int(depth)
	return row[bit/8] << (bit % 8) >> (8 - depth)
}

// wholeBytesToRGBA converts rows with samples of 8 or 16 bits. Of 16 bits it takes the higher 8.
func (h *pngHeader) wholeBytesToRGBA(rgba, row []byte) {
	size := int(h.depth) / 8
	step := size * h.channels
	for x := range len(rgba) / 4 {
		to, from := rgba[4*x:4*x+4:4*x+4], row[x*step:(x+1)*step]
		to[0], to[1], to[2], to[3] = from[0], from[0], from[0], 255
		if h.channels >= 3 {
			to[1], to[2] = from[size], from[2*size]
		}
		if h.channels&1 == 0 {
			a := from[step-size]
			to[0], to[1], to[2], to[3] = multiply(to[0], a), multiply(to[1], a), multiply(to[2], a), a
		}
	}
}

// opaqueToRGBA converts gray and RGB rows, of which one color may be transparent.
func (h *pngHeader) opaqueToRGBA(rgba, row []byte) {
	for x := range len(rgba) / 4 {
		var sample [3]uint16
		for i := range h.channels {
			sample[i] = h.sample(row, x*h.channels+i)
		}
		to := rgba[4*x : 4*x+4 : 4*x+4]
		to[3] = 255
		for i := range 3 {
			v := sample[min(i, h.channels-1)]
			switch {
			case h.depth == 16:
				to[i] = byte(v >> 8)
			default:
				to[i] = byte(uint(v) * 255 / (1<<h.depth - 1))
			}
		}
		if h.hasTransparent && sample == h.transparent {
			clear(to)
		}
	}
}

// sample returns a sample of a row.
func (h *pngHeader) sample(row []byte, i int) uint16 {
	if h.depth == 16 {
		return binary.BigEndian.Uint16(row[2*i:])
	}
	return uint16(packed(row, i, h.depth))
}
