package views

// The Alpine expressions of the lightbox. a is the link to the shown picture. The links beside it are the other
// pictures of the same message.
const (
	xLightbox = `{ a: undefined }`

	// xOpenLightbox ignores clicks that open a new tab or window.
	xOpenLightbox = `$event.target.closest('.picture__link') && !($event.ctrlKey || $event.metaKey || $event.shiftKey) &&
		[$event.preventDefault(), $dispatch('look', $event.target.closest('.picture__link'))]`
	xShowPicture     = `[a = $event.detail, $el.showModal()]`
	xCloseOnBackdrop = `$event.target.closest('a, button, img, .lightbox__bar') || $el.close()`
	xLightboxClosed  = `$el.open || (a = undefined)` // the event arrives late: another picture may be shown by then
	xNextPicture     = `a && a.closest('li').nextElementSibling && (a = a.closest('li').nextElementSibling.querySelector('a'))`
	xPreviousPicture = `a && a.closest('li').previousElementSibling && (a = a.closest('li').previousElementSibling.querySelector('a'))`
	// A button without a next picture is marked as disabled but keeps the focus. Otherwise the focus would leave the
	// lightbox, and the arrow keys would stop working.
	xIsLast     = `!a.closest('li').nextElementSibling`
	xIsFirst    = `!a.closest('li').previousElementSibling`
	xHasSeveral = `a.closest('ul').childElementCount > 1`

	// xPictureCaption is the alternative text of a picture, unless that is its name, which is shown anyway.
	xPictureCaption = `a.querySelector('img').alt === a.dataset.name ? '' : a.querySelector('img').alt`
)
