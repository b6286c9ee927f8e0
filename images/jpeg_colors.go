package images

import "image/color"

// toRGBA converts a row of samples to RGBA. y is the row inside the current row of units.
func (f *jpegFrame) toRGBA(rgba []byte, y int) {
	rows := make([][]byte, len(f.components))
	for i := range f.components {
		c := &f.components[i]
		rows[i] = c.samples[y*c.v/f.maxV*c.stride:][:c.stride]
	}
	if len(rows) == 1 {
		for x, v := range rows[0][:len(rgba)/4] {
			to := rgba[4*x : 4*x+4 : 4*x+4]
			to[0], to[1], to[2], to[3] = v, v, v, 255
		}
		return
	}
	isYCbCr := f.isYCbCr()
	for x := range len(rgba) / 4 {
		var v [4]byte
		for i, row := range rows {
			v[i] = row[x*f.components[i].h/f.maxH]
		}
		if isYCbCr {
			v[0], v[1], v[2] = color.YCbCrToRGB(v[0], v[1], v[2])
		}
		if len(rows) == 4 {
			v = fromCMYK(v, isYCbCr)
		}
		to := rgba[4*x : 4*x+4 : 4*x+4]
		to[0], to[1], to[2], to[3] = v[0], v[1], v[2], 255
	}
}

// isYCbCr reports whether the first three components are luminance and two colors, instead of RGB or CMY.
func (f *jpegFrame) isYCbCr() bool {
	switch {
	case f.transform >= 0:
		return f.transform != 0
	case len(f.components) == 4:
		return false
	}
	c := f.components
	return c[0].id != 'R' || c[1].id != 'G' || c[2].id != 'B'
}

// fromCMYK converts the four inks of a CMYK pixel to RGB. Files store the complement of each ink. If the first three
// channels were converted from YCbCr, they are not complements.
func fromCMYK(v [4]byte, converted bool) [4]byte {
	for i := range 3 {
		if converted {
			v[i] = 255 - v[i]
		}
		v[i] = multiply(v[i], v[3])
	}
	return v
}
