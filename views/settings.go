package views

// option is one choice of a list.
type option struct{ Value, Label string }
