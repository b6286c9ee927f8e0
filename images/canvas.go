package images

import (
	"context"
	"image"
)

// canvas collects the rows of a picture while it is decoded. It scales them down, converts their colors to sRGB and
// turns the picture upright, so that a large picture is never in memory as a whole. A pixel of the result is the
// average of the area that it covers.
type canvas struct {
	ctx         context.Context // its end stops the decoder
	picture     *image.RGBA     // the result
	orientation int             // the EXIF orientation of the rows
	profile     *iccProfile     // nil if the rows are in sRGB
	source      image.Point     // the size of the picture that the rows belong to
	size        image.Point     // the size of the result before it is turned
	y, filled   int             // how many rows were added, and how many rows of the result are complete
	row         []byte          // one row of the result
	across      []uint32        // sums of a row: four channels for each pixel of the result, source.X units each
	sums        []uint64        // sums of several rows, source.X × source.Y units for each pixel
}

// newCanvas returns a canvas for a picture of the size source. The longer side of the result has at most side pixels.
func newCanvas(ctx context.Context, source image.Point, side, orientation int, profile *iccProfile) *canvas {
	size := fitSize(source, side)
	c := &canvas{ctx: ctx, orientation: orientation, profile: profile, source: source, size: size}
	upright := size
	if orientation >= 5 {
		upright = image.Pt(size.Y, size.X)
	}
	c.picture = image.NewRGBA(image.Rectangle{Max: upright})
	c.row = make([]byte, 4*size.X)
	if size != source {
		c.across, c.sums = make([]uint32, 4*size.X), make([]uint64, 4*size.X)
	}
	return c
}

// addRow adds the next row, in RGBA with the color channels multiplied by alpha. It returns the error of the context
// after that has ended. It ignores rows beyond the height of the picture.
func (c *canvas) addRow(rgba []byte) error {
	if c.y >= c.source.Y {
		return nil
	}
	if c.sums == nil {
		copy(c.row, rgba)
		c.finishRow()
	} else {
		c.scaleRow(rgba)
	}
	c.y++
	return c.ctx.Err()
}

// scaleRow adds a row of the source to the sums and completes a row of the result when the sums cover it. A row of the
// source counts as size.Y units high and a row of the result as source.Y, so that both have whole heights. A row of the
// source may belong to two rows of the result.
func (c *canvas) scaleRow(rgba []byte) {
	c.addAcross(rgba)
	from := c.y * c.size.Y
	end := (c.filled + 1) * c.source.Y // of the current row of the result
	part := min(from+c.size.Y, end) - from
	for i, v := range c.across {
		c.sums[i] += uint64(v) * uint64(part)
	}
	if from+c.size.Y < end {
		return
	}
	scale := 1 / (float64(c.source.X) * float64(c.source.Y))
	for i, v := range c.sums {
		c.row[i] = byte(float64(v)*scale + 0.5)
	}
	c.finishRow()
	rest := uint64(c.size.Y - part)
	for i, v := range c.across {
		c.sums[i] = uint64(v) * rest
	}
}

// addAcross sets across to the sums of one row of the source. A pixel of the source counts as size.X units wide, and a
// pixel of the result as source.X.
func (c *canvas) addAcross(rgba []byte) {
	clear(c.across)
	to, left := 0, c.source.X // the current pixel of the result, and how many units of it are missing
	for i := 0; i+4 <= 4*c.source.X; i += 4 {
		pix := rgba[i : i+4 : i+4]
		part := min(left, c.size.X)
		sum, units := c.across[to:to+4:to+4], uint32(part)
		sum[0] += uint32(pix[0]) * units // not a loop, because this is most of the work for a large picture
		sum[1] += uint32(pix[1]) * units
		sum[2] += uint32(pix[2]) * units
		sum[3] += uint32(pix[3]) * units
		if left -= part; left > 0 {
			continue
		}
		to, left = to+4, c.source.X
		if rest := c.size.X - part; rest > 0 {
			sum = c.across[to : to+4 : to+4]
			for k, v := range pix {
				sum[k] += uint32(v) * uint32(rest)
			}
			left -= rest
		}
	}
}

// finishRow converts the colors of a complete row and puts it into the result.
func (c *canvas) finishRow() {
	if c.profile != nil {
		c.profile.convertRow(c.row)
	}
	y := c.filled
	c.filled++
	if c.orientation == 1 {
		copy(c.picture.Pix[y*c.picture.Stride:], c.row)
		return
	}
	upright := c.picture.Rect.Max
	for x := range c.size.X {
		at := uprightPixel(c.orientation, x, y, upright.X, upright.Y)
		copy(c.picture.Pix[at.Y*c.picture.Stride+4*at.X:][:4], c.row[4*x:][:4])
	}
}

// uprightPixel returns where the pixel at x, y of the picture as the camera stored it lies in the upright picture,
// which has the size w × h. The orientations 2, 4, 5 and 7 are mirrored; from 5 on, rows and columns are swapped.
func uprightPixel(orientation, x, y, w, h int) image.Point {
	switch orientation {
	case 2:
		return image.Pt(w-1-x, y)
	case 3:
		return image.Pt(w-1-x, h-1-y)
	case 4:
		return image.Pt(x, h-1-y)
	case 5:
		return image.Pt(y, x)
	case 6:
		return image.Pt(w-1-y, x)
	case 7:
		return image.Pt(w-1-y, h-1-x)
	case 8:
		return image.Pt(y, h-1-x)
	}
	return image.Pt(x, y)
}

// fitSize returns the size of a picture that was scaled down so that its longer side has at most side pixels.
func fitSize(size image.Point, side int) image.Point {
	longer := max(size.X, size.Y)
	if longer <= side {
		return size
	}
	return image.Pt(scaleRounded(size.X, side, longer), scaleRounded(size.Y, side, longer))
}

// scaleRounded returns n × numerator ÷ denominator, rounded and at least 1.
func scaleRounded(n, numerator, denominator int) int {
	return max(1, (n*numerator+denominator/2)/denominator)
}
