package views

// The viewer shows one picture large, in Alpine's language: a is the link to it on its line, whose neighbours are the other
// pictures of the same message.
const (
	xLightbox = `{ a: undefined }`

	// xOpenLightbox leaves a click alone that wants a tab of its own.
	xOpenLightbox = `$event.target.closest('.picture__link') && !($event.ctrlKey || $event.metaKey || $event.shiftKey) &&
		[$event.preventDefault(), $dispatch('look', $event.target.closest('.picture__link'))]`
	xShowPicture     = `[a = $event.detail, $el.showModal()]`
	xCloseOnBackdrop = `$event.target.closest('a, button, img, .lightbox__bar') || $el.close()`
	xLightboxClosed  = `$el.open || (a = undefined)` // the browser tells late: another may be shown by then
	xNextPicture     = `a && a.closest('li').nextElementSibling && (a = a.closest('li').nextElementSibling.querySelector('a'))`
	xPreviousPicture = `a && a.closest('li').previousElementSibling && (a = a.closest('li').previousElementSibling.querySelector('a'))`
	// A button that leads nowhere keeps the focus, which would else leave the viewer, and the arrow keys with it.
	xIsLast     = `!a.closest('li').nextElementSibling`
	xIsFirst    = `!a.closest('li').previousElementSibling`
	xHasSeveral = `a.closest('ul').childElementCount > 1`

	// What a picture shows, unless that is its name, which stands there anyway.
	xPictureCaption = `a.querySelector('img').alt === a.dataset.name ? '' : a.querySelector('img').alt`
)
