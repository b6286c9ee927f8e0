package e2e

import (
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// focusVisible is a script that is true if the focused element or one around it has an outline, or the composer a shadow.
const focusVisible = `(e => {
	for (; e && e !== document.body; e = e.parentElement) {
		const s = getComputedStyle(e)
		if (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) return true
		if (e.matches('.composer__frame') && s.boxShadow !== 'none') return true
	}
})(document.activeElement)`

// tabTo presses Tab until an element has the focus, and requires that the focus is visible.
func (b *tab) tabTo(selector string) {
	b.Helper()
	for range 30 {
		if b.isTrue(sprintf(`document.activeElement.matches('%s')`, selector)) {
			if !b.isTrue(focusVisible) {
				b.Errorf("the focus of %s is not visible", selector)
			}
			return
		}
		b.pressKeys("\t")
	}
	b.Fatalf("Tab does not reach %s", selector)
}

// hover moves the mouse over an element.
func (b *tab) hover(selector string) {
	b.Helper()
	xy := eval[[]float64](b, sprintf(clickPoint, asJSON(selector)))
	if len(xy) != 2 {
		b.Fatalf("%s cannot hover over %s", b.name, selector)
	}
	b.run(chromedp.MouseEvent("mouseMoved", xy[0], xy[1]))
}

// selectOption selects the option of a list that begins with a letter.
func (b *tab) selectOption(selector, letter string) {
	b.Helper()
	eval[bool](b, sprintf(`(document.querySelector(%s).focus(), true)`, asJSON(selector)))
	b.pressKeys(letter)
}

// clickPoint is a script for the point to click at: the center of the first match that is not covered by anything.
const clickPoint = `(sel => {
	for (const e of document.querySelectorAll(sel)) {
		e.scrollIntoView({block: 'nearest'})
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2
		const top = r.width && document.elementFromPoint(x, y)
		if (top && (e.contains(top) || top.contains(e) && top.tagName === 'LABEL')) return [x, y]
	}
	return []
})(%s)`

// click clicks on an element as soon as it can be reached.
func (b *tab) click(selector string, options ...chromedp.MouseOption) {
	b.Helper()
	xy := b.waitForClickPoint(selector)
	b.run(chromedp.MouseClickXY(xy[0], xy[1], options...))
}

// tap touches an element. The browser must emulate a touch screen.
func (b *tab) tap(selector string) {
	b.Helper()
	xy := b.waitForClickPoint(selector)
	start := input.DispatchTouchEventParams{
		Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: xy[0], Y: xy[1]}},
	}
	end := input.DispatchTouchEventParams{
		Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{},
	}
	call(b, input.DispatchTouchEvent, start)
	call(b, input.DispatchTouchEvent, end)
}

// waitForClickPoint waits until an element can be clicked and has stopped moving, and returns a point of it in the window.
func (b *tab) waitForClickPoint(selector string) (xy []float64) {
	b.Helper()
	waitUntil(b.T, b.name+" can click "+selector, func() (bool, string) {
		before := xy
		var err error
		xy, err = tryEval[[]float64](b, sprintf(clickPoint, asJSON(selector)))
		return err == nil && len(xy) == 2 && slices.Equal(xy, before), fmt.Sprint(xy, err)
	})
	return xy
}

// fill clicks on a field and types.
func (b *tab) fill(selector, text string) {
	b.Helper()
	b.click(selector)
	b.typeText(text)
}

// typeText inserts text at the caret, as a keyboard or a paste does.
func (b *tab) typeText(text string) {
	b.Helper()
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// pressKeys presses keys: "\r" is Enter.
func (b *tab) pressKeys(keys string, modifiers ...chromedp.Modifier) {
	b.Helper()
	for _, key := range keys {
		if key == '\r' {
			b.pressEnter(modifiers...)
			continue
		}
		b.run(chromedp.KeyEvent(string(key), chromedp.KeyModifiers(modifiers...)))
	}
}

// pressEnter sends the key and its character in one event, as a keyboard does. In two events the character may arrive
// so late that it goes to the next, empty composer.
func (b *tab) pressEnter(modifiers ...chromedp.Modifier) {
	b.Helper()
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter",
		Text: "\r", WindowsVirtualKeyCode: 13}
	for _, m := range modifiers {
		key.Modifiers |= int64(m)
	}
	call(b, input.DispatchKeyEvent, key)
	key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
	call(b, input.DispatchKeyEvent, key)
}
