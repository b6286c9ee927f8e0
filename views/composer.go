package views

// sendTrigger sends with the button and with Enter, but not with the Enter that ends a word in an input method. The
// filter is one of two expressions in the whole program: nothing else can tell Enter from Shift+Enter.
const sendTrigger = "submit, keydown[key=='Enter'&&!shiftKey&&!isComposing] from:#" + idFields + " prevent"

// whyNotSent shows why a message was refused, and leaves its text where it is.
const whyNotSent = "target:#" + idErr + " swap:innerHTML"

// label names the box for those who cannot see where it stands.
func (c Composer) label(l Locale) string {
	if c.Place.Room != 0 {
		return l.T("Message in %s", c.Name)
	}
	return l.T("Message to %s", c.Name)
}

// placeholder says what the box is for.
func (c Composer) placeholder(l Locale) string {
	if c.Place.Room != 0 {
		return l.T("Write in %s…", c.Name)
	}
	return l.T("Write to %s…", c.Name)
}
