package images

import (
	"image"

	"golang.org/x/image/draw"
)

// fit scales an image down so that its longer side has at most side pixels. If the image is not larger than that, it is
// returned unchanged.
func fit(img *image.RGBA, side int) *image.RGBA {
	size := img.Bounds().Size()
	if to := fitSize(size, side); to != size {
		return scaleDown(img, img.Bounds(), to)
	}
	return img
}

// cropSquare returns the square in the middle of an image, scaled down to squareSide.
func cropSquare(img *image.RGBA) *image.RGBA {
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
