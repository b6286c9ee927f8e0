package images

import (
	"image"

	"golang.org/x/image/draw"
)

// fit scales an image down so that its longer side has at most side pixels. If the image is not larger than that, it is
// returned unchanged.
func fit(img image.Image, side int) image.Image {
	size := img.Bounds().Size()
	longer := max(size.X, size.Y)
	if longer <= side {
		return img
	}
	to := image.Pt(scaleRounded(size.X, side, longer), scaleRounded(size.Y, side, longer))
	return scaleDown(img, img.Bounds(), to)
}

// scaleRounded returns n × numerator ÷ denominator, rounded and at least 1.
func scaleRounded(n, numerator, denominator int) int {
	return max(1, (n*numerator+denominator/2)/denominator)
}

// cropSquare returns the square in the middle of an image, scaled down to squareSide.
func cropSquare(img image.Image) image.Image {
	b := img.Bounds()
	side := min(b.Dx(), b.Dy())
	at := b.Min.Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	small := min(side, squareSide)
	return scaleDown(img, image.Rectangle{at, at.Add(image.Pt(side, side))}, image.Pt(small, small))
}

// maxCatmullRomPixels is the number of pixels up to which results are interpolated with CatmullRom. That method needs
// more than 32 bytes of memory per pixel, and in larger results the gain in quality is not worth it.
const maxCatmullRomPixels = 1 << 18

// scaleDown scales a part of an image down to the size to. First it averages blocks of whole pixels until the image is
// less than twice as large as the result; this uses every pixel and needs little memory. Then it interpolates.
func scaleDown(img image.Image, part image.Rectangle, to image.Point) *image.RGBA {
	if block := image.Pt(part.Dx()/to.X, part.Dy()/to.Y); block.X > 1 || block.Y > 1 {
		small := averageBlocks(img, part, block)
		img, part = small, small.Bounds()
	}
	dst := image.NewRGBA(image.Rectangle{Max: to})
	var interpolator draw.Interpolator = draw.CatmullRom
	if to.X*to.Y > maxCatmullRomPixels {
		interpolator = draw.ApproxBiLinear
	}
	interpolator.Scale(dst, dst.Bounds(), img, part, draw.Src, nil)
	return dst
}

// averageBlocks divides a part of an image into blocks of block.X × block.Y pixels and returns an image with one pixel
// for each block, the average. It drops incomplete blocks. It converts one row of blocks at a time, to save memory.
func averageBlocks(img image.Image, part image.Rectangle, block image.Point) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, part.Dx()/block.X, part.Dy()/block.Y))
	blocks := image.NewRGBA(image.Rect(0, 0, part.Dx(), block.Y))
	for y := range dst.Rect.Dy() {
		draw.Draw(blocks, blocks.Bounds(), img, part.Min.Add(image.Pt(0, y*block.Y)), draw.Src)
		averageRow(dst.Pix[y*dst.Stride:][:dst.Stride], blocks, block)
	}
	return dst
}

// averageRow averages a row of blocks, whose pixels are in blocks, and writes one pixel per block into row.
func averageRow(row []byte, blocks *image.RGBA, block image.Point) {
	n := uint32(block.X * block.Y)
	for x := 0; x < len(row)/4; x++ {
		var r, g, b, a uint32
		for dy := range block.Y {
			pix := blocks.Pix[dy*blocks.Stride+4*x*block.X:][:4*block.X]
			for i := 0; i < len(pix); i += 4 {
				r, g, b, a = r+uint32(pix[i]), g+uint32(pix[i+1]), b+uint32(pix[i+2]), a+uint32(pix[i+3])
			}
		}
		for i, sum := range [4]uint32{r, g, b, a} {
			row[4*x+i] = byte((sum + n/2) / n)
		}
	}
}

// applyOrientation turns a picture upright, according to its EXIF orientation. The orientations 2, 4, 5 and 7 are
// mirrored; from 5 on, rows and columns are swapped.
func applyOrientation(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	src := toRGBA(img)
	w, h := src.Rect.Dx(), src.Rect.Dy()
	size := image.Pt(w, h)
	if orientation >= 5 {
		size = image.Pt(h, w)
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			from := sourcePixel(orientation, x, y, w, h)
			copy(dst.Pix[y*dst.Stride+4*x:][:4], src.Pix[from.Y*src.Stride+4*from.X:][:4])
		}
	}
	return dst
}

// sourcePixel returns where the pixel at x, y of the upright picture lies in the picture as the camera stored it, which
// has the size w × h.
func sourcePixel(orientation, x, y, w, h int) image.Point {
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
		return image.Pt(y, h-1-x)
	case 7:
		return image.Pt(w-1-y, h-1-x)
	case 8:
		return image.Pt(w-1-y, x)
	}
	return image.Pt(x, y)
}

// toRGBA converts an image to RGBA with its origin at 0, 0. An image that already has this form is returned unchanged.
func toRGBA(img image.Image) *image.RGBA {
	if ready, ok := img.(*image.RGBA); ok && ready.Rect.Min == (image.Point{}) {
		return ready
	}
	size := img.Bounds().Size()
	dst := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(dst, dst.Bounds(), img, img.Bounds().Min, draw.Src)
	return dst
}
