package images

import (
	"errors"
	"io"
)

// undecodableAt returns the error for a file whose pixels end before the given row. It is nil unless the file has no
// complete row, because an incomplete picture is still shown.
func undecodableAt(row int) error {
	if row == 0 {
		return ErrUndecodable
	}
	return nil
}

// pngRows reads rows of pixels and undoes their filters.
type pngRows struct {
	header        *pngHeader
	r             io.Reader
	row, previous []byte // without the byte for the filter
	pixelBytes    int    // the distance in bytes to the pixel on the left
}

// start begins a picture, or a pass of an interlaced picture, whose rows have the given number of pixels.
func (p *pngRows) start(pixels int) {
	n := p.header.rowBytes(pixels)
	p.row, p.previous = make([]byte, n), make([]byte, n)
	p.pixelBytes = max(1, p.header.channels*int(p.header.depth)/8)
}

var errFilter = errors.New("unknown filter of a PNG row")

// next returns the next row. It is valid until the next call.
func (p *pngRows) next() ([]byte, error) {
	p.row, p.previous = p.previous, p.row
	var filter [1]byte
	if _, err := io.ReadFull(p.r, filter[:]); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(p.r, p.row); err != nil {
		return nil, err
	}
	row, up, n := p.row, p.previous[:len(p.row)], p.pixelBytes
	switch filter[0] {
	case 0:
	case 1:
		for i := n; i < len(row); i++ {
			row[i] += row[i-n]
		}
	case 2:
		for i := range row {
			row[i] += up[i]
		}
	case 3:
		for i := range row {
			left := 0
			if i >= n {
				left = int(row[i-n])
			}
			row[i] += byte((left + int(up[i])) / 2)
		}
	case 4:
		for i := range min(n, len(row)) {
			row[i] += up[i]
		}
		for i := n; i < len(row); i++ {
			row[i] += paeth(int(row[i-n]), int(up[i]), int(up[i-n]))
		}
	default:
		return nil, errFilter
	}
	return row, nil
}

// paeth returns the one of left, up and corner that is nearest to left + up - corner (PNG specification, 9.4).
func paeth(left, up, corner int) byte {
	toLeft, toUp := up-corner, left-corner
	toCorner := max(toLeft+toUp, -toLeft-toUp)
	toLeft, toUp = max(toLeft, -toLeft), max(toUp, -toUp)
	switch {
	case toLeft <= toUp && toLeft <= toCorner:
		return byte(left)
	case toUp <= toCorner:
		return byte(up)
	}
	return byte(corner)
}
