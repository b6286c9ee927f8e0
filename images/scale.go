package images

import (
	"image"

	"golang.org/x/image/draw"
)

// fit returns a picture of at most so many pixels at its longer side: itself if it is not larger.
func fit(img image.Image, side int) image.Image {
	size := img.Bounds().Size()
	longer := max(size.X, size.Y)
	if longer <= side {
		return img
	}
	return scaleDown(img, img.Bounds(), image.Pt(scaleRounded(size.X, side, longer), scaleRounded(size.Y, side, longer)))
}

// scaleRounded is n × by ÷ of, rounded, and at least 1.
func scaleRounded(n, by, of int) int { return max(1, (n*by+of/2)/of) }

// cropSquare cuts a square from the middle.
func cropSquare(img image.Image) image.Image {
	b := img.Bounds()
	side := min(b.Dx(), b.Dy())
	at := b.Min.Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	small := min(side, squareSide)
	return scaleDown(img, image.Rectangle{at, at.Add(image.Pt(side, side))}, image.Pt(small, small))
}

// maxCatmullRomPixels is how many pixels a picture has for which CatmullRom, with 32 bytes for each of them and more, would need more memory than
// it is worth.
const maxCatmullRomPixels = 1 << 18

// scaleDown makes a part of a picture smaller, in two steps: whole pixels are averaged until less than a half is to go,
// which looks at every pixel and needs no memory, and the rest is interpolated.
func scaleDown(img image.Image, part image.Rectangle, to image.Point) *image.RGBA {
	if by := image.Pt(part.Dx()/to.X, part.Dy()/to.Y); by.X > 1 || by.Y > 1 {
		small := averageBlocks(img, part, by)
		img, part = small, small.Bounds()
	}
	dst := image.NewRGBA(image.Rectangle{Max: to})
	var how draw.Interpolator = draw.CatmullRom
	if to.X*to.Y > maxCatmullRomPixels {
		how = draw.ApproxBiLinear
	}
	how.Scale(dst, dst.Bounds(), img, part, draw.Src, nil)
	return dst
}

// averageBlocks makes one pixel of each by.X × by.Y pixels, and drops an incomplete rest. It converts a band of rows at a time.
func averageBlocks(img image.Image, part image.Rectangle, by image.Point) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, part.Dx()/by.X, part.Dy()/by.Y))
	band := image.NewRGBA(image.Rect(0, 0, part.Dx(), by.Y))
	for y := range dst.Rect.Dy() {
		draw.Draw(band, band.Bounds(), img, part.Min.Add(image.Pt(0, y*by.Y)), draw.Src)
		averageRow(dst.Pix[y*dst.Stride:][:dst.Stride], band, by)
	}
	return dst
}

// averageRow fills one row from a band.
func averageRow(row []byte, band *image.RGBA, by image.Point) {
	n := uint32(by.X * by.Y)
	for x := 0; x < len(row)/4; x++ {
		var r, g, b, a uint32
		for dy := range by.Y {
			pix := band.Pix[dy*band.Stride+4*x*by.X:][:4*by.X]
			for i := 0; i < len(pix); i += 4 {
				r, g, b, a = r+uint32(pix[i]), g+uint32(pix[i+1]), b+uint32(pix[i+2]), a+uint32(pix[i+3])
			}
		}
		row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = byte((r+n/2)/n), byte((g+n/2)/n), byte((b+n/2)/n), byte((a+n/2)/n)
	}
}

// applyOrientation sets a picture upright that was taken with the camera held as EXIF numbers it: 2, 4, 5 and 7 are mirrored, and from 5 on
// rows are columns.
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

// sourcePixel tells which pixel of a w × h picture is to be seen at a place of the upright one.
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

// toRGBA is a picture with its pixels in memory as draw and the encoders like them best.
func toRGBA(img image.Image) *image.RGBA {
	if ready, ok := img.(*image.RGBA); ok && ready.Rect.Min == (image.Point{}) {
		return ready
	}
	size := img.Bounds().Size()
	dst := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(dst, dst.Bounds(), img, img.Bounds().Min, draw.Src)
	return dst
}
