package static

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// linearRGB is a colour in linear sRGB.
type linearRGB [3]float64

// oklch converts a colour from OKLCH by way of OKLab to linear sRGB, as CSS Color 4 specifies, and clips it to the
// gamut of a screen.
func oklch(l, c, h float64) linearRGB {
	a, b := c*math.Cos(h*math.Pi/180), c*math.Sin(h*math.Pi/180)
	x := math.Pow(l+0.3963377774*a+0.2158037573*b, 3)
	y := math.Pow(l-0.1055613458*a-0.0638541728*b, 3)
	z := math.Pow(l-0.0894841775*a-1.2914855480*b, 3)
	cut := func(v float64) float64 { return min(1, max(0, v)) }
	return linearRGB{
		cut(4.0767416621*x - 3.3077115913*y + 0.2309699292*z),
		cut(-1.2684380046*x + 2.6097574011*y - 0.3413193965*z),
		cut(-0.0041960863*x - 0.7034186147*y + 1.7076147010*z),
	}
}

// contrast returns the contrast ratio of two colours as defined by WCAG 2.2, from 1 to 21.
func contrast(a, b linearRGB) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c linearRGB) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }

func (c linearRGB) hex() string {
	s := "#"
	for _, v := range c {
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		s += fmt.Sprintf("%02x", int(math.Round(v*255)))
	}
	return s
}

// theme maps the names of raw colours to their values in one theme.
type theme map[string]linearRGB

var (
	lightDark = regexp.MustCompile(`--raw-([a-z-]+): light-dark\(` +
		`oklch\(([^()]+|[^()]+var\(--hue\))\), oklch\(([^()]+|[^()]+var\(--hue\))\)\)`)
	definition = regexp.MustCompile(`--raw-[a-z-]+:`)
	hueValues  = regexp.MustCompile(`--hue: (\d+);`)
)

// themes reads the raw colours of the light and the dark theme. Colours that depend on the hue of a user are computed
// for every hue.
func themes(t *testing.T) map[string]theme {
	css := string(readFile("css/theme.css"))
	light, dark := theme{}, theme{}
	parsed, defined := len(lightDark.FindAllString(css, -1)), len(definition.FindAllString(css, -1))
	if parsed != defined || defined < 10 {
		t.Fatalf("parsed %d of %d raw colours", parsed, defined)
	}
	for _, m := range lightDark.FindAllStringSubmatch(css, -1) {
		if !strings.Contains(m[2], "var(") {
			light[m[1]], dark[m[1]] = parse(t, m[2]), parse(t, m[3])
			continue
		}
		for _, hue := range hueValues.FindAllStringSubmatch(css, -1) {
			light[m[1]+hue[1]] = parse(t, strings.Replace(m[2], "var(--hue)", hue[1], 1))
			dark[m[1]+hue[1]] = parse(t, strings.Replace(m[3], "var(--hue)", hue[1], 1))
		}
	}
	return map[string]theme{"light": light, "dark": dark}
}

// parse converts the arguments of an oklch() function.
func parse(t *testing.T, values string) linearRGB {
	var v [3]float64
	parts := strings.Fields(values)
	for i := range v {
		var err error
		if v[i], err = strconv.ParseFloat(parts[i], 64); err != nil {
			t.Fatal(values, err)
		}
	}
	return oklch(v[0], v[1], v[2])
}

// TestContrast checks WCAG AA: at least 4.5 for text, and at least 3 for graphics and borders of controls.
func TestContrast(t *testing.T) {
	surfaces := []string{"neutral", "neutral-dim", "neutral-bright", "yellow", "amber"}
	for name, th := range themes(t) {
		check := func(front, back string, least float64) {
			t.Helper()
			if got := contrast(th[front], th[back]); got < least {
				t.Errorf("%s theme: contrast of %s on %s: got %.2f, want at least %.1f", name, front, back, got, least)
			}
		}
		for _, surface := range surfaces {
			check("ink", surface, 4.5)
			check("ink-soft", surface, 4.5)
			check("orange", surface, 4.5)
			check("red", surface, 4.5)
		}
		for _, surface := range []string{"neutral", "neutral-dim", "neutral-bright"} {
			check("green", surface, 3)
			check("gray", surface, 3)
		}
		check("orange-contrast", "orange", 4.5)
		check("orange-contrast", "red", 4.5)
		check("ink", "gray-soft", 4.5)
		for i := range 360 {
			if hue := strconv.Itoa(i); th["avatar"+hue] != (linearRGB{}) {
				check("avatar-text"+hue, "avatar"+hue, 4.5)
			}
		}
	}
}

// TestConversion compares the conversion with the examples of CSS Color 4.
func TestConversion(t *testing.T) {
	for want, got := range map[string]string{
		"#ff0000": oklch(0.627955, 0.257683, 29.2339).hex(),
		"#008000": oklch(0.519752, 0.176858, 142.4953).hex(),
		"#ffffff": oklch(1, 0, 0).hex(),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := contrast(oklch(1, 0, 0), oklch(0, 0, 0)); math.Abs(got-21) > 0.01 {
		t.Errorf("contrast of black on white: got %f, want 21", got)
	}
}

// TestThemeColourMatchesBackground compares the colour that the pages set for the browser's own toolbar with the
// background of the page. CSS variables cannot be used there.
func TestThemeColourMatchesBackground(t *testing.T) {
	layout, err := os.ReadFile("../views/layout.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, th := range themes(t) {
		if !strings.Contains(string(layout), th["neutral"].hex()) {
			t.Errorf("%s theme: the background is %s, which views/layout.go does not contain", name, th["neutral"].hex())
		}
	}
}
