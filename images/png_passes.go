package images

import (
	"context"
	"image"
)

// pngPasses are the passes of an interlaced PNG: the first column and row, and the distances between columns and rows.
var pngPasses = [7][4]int{
	{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
}

// decodeInterlaced decodes an interlaced picture. Each pixel of a pass also fills the pixels on its right and below
// that only later passes contain. So if the file ends too early, a coarse picture is shown.
func (p *pngRows) decodeInterlaced(shift int, c *canvas) error {
	size := p.header.reduced(shift)
	whole := make([]byte, 4*size.X*size.Y)
	if err := p.readPasses(c.ctx, shift, size, whole); err != nil {
		return err
	}
	for y := range size.Y {
		if err := c.addRow(whole[4*size.X*y:][:4*size.X]); err != nil {
			return err
		}
	}
	return nil
}

// readPasses reads the passes of an interlaced picture into whole, which has the given size and only every 2^shift-th
// row and column of the picture.
func (p *pngRows) readPasses(ctx context.Context, shift int, size image.Point, whole []byte) error {
	last := 7 - 2*shift // the later passes have only pixels between those that are read
	for n, pass := range pngPasses[:last] {
		columns := (p.header.width - pass[0] + pass[2] - 1) / pass[2]
		if columns <= 0 {
			continue
		}
		p.start(columns)
		rgba := make([]byte, 4*columns)
		// The width and the height of the area that a pixel of this pass fills: up to the next pixel of this pass or of
		// the earlier ones.
		fill := image.Pt(pass[2], pass[3])
		if pass[0] > 0 {
			fill.X = pass[0]
		}
		if pass[1] > 0 {
			fill.Y = pass[1]
		}
		for y := pass[1]; y < p.header.height; y += pass[3] {
			row, err := p.next()
			if err != nil {
				return undecodableAt(n + y)
			}
			p.header.toRGBA(rgba, row)
			fillPixels(whole, size, rgba, image.Pt(pass[0]>>shift, y>>shift), pass[2]>>shift,
				image.Pt(fill.X>>shift, fill.Y>>shift))
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillPixels puts the pixels of a row into a picture: the first one at a position, the others at a distance of step
// pixels each. Every pixel fills an area.
func fillPixels(whole []byte, size image.Point, rgba []byte, at image.Point, step int, area image.Point) {
	for y := at.Y; y < min(at.Y+area.Y, size.Y); y++ {
		row := whole[4*size.X*y:][:4*size.X]
		for i, x := 0, at.X; x < size.X; i, x = i+4, x+step {
			for to := x; to < min(x+area.X, size.X); to++ {
				copy(row[4*to:4*to+4], rgba[i:i+4])
			}
		}
	}
}
