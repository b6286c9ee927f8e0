package views

// sendTrigger sends with the button and with Enter, but not with the Enter that ends a word in an input method. The
// filter is one of two expressions in the whole program: nothing else can tell Enter from Shift+Enter.
const sendTrigger = "submit, keydown[key=='Enter'&&!shiftKey&&!isComposing] from:#" + idFields + " prevent"

// whyNotSent shows why a message was refused, and leaves its text where it is.
const whyNotSent = "target:#" + idErr + " swap:innerHTML"
