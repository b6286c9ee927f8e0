package views

// The viewer shows one picture large, in Alpine's language: a is the link to it on its line, whose neighbours are the other
// pictures of the same message.
const (
	xViewer = `{ a: undefined }`

	// xLook leaves a click alone that wants a tab of its own.
	xLook = `$event.target.closest('.picture__open') && !($event.ctrlKey || $event.metaKey || $event.shiftKey) &&
		[$event.preventDefault(), $dispatch('look', $event.target.closest('.picture__open'))]`
	xShow     = `[a = $event.detail, $el.showModal()]`
	xLeave    = `$event.target.closest('a, button, img, .viewer__about') || $el.close()`
	xClosed   = `$el.open || (a = undefined)` // the browser tells late: another may be shown by then
	xNext     = `a && a.closest('li').nextElementSibling && (a = a.closest('li').nextElementSibling.querySelector('a'))`
	xPrevious = `a && a.closest('li').previousElementSibling && (a = a.closest('li').previousElementSibling.querySelector('a'))`
	// A button that leads nowhere keeps the focus, which would else leave the viewer, and the arrow keys with it.
	xIsLast  = `!a.closest('li').nextElementSibling`
	xIsFirst = `!a.closest('li').previousElementSibling`
	xSeveral = `a.closest('ul').childElementCount > 1`

	// What a picture shows, unless that is its name, which stands there anyway.
	xShows = `a.querySelector('img').alt === a.dataset.name ? '' : a.querySelector('img').alt`
)
