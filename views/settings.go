package views

// option is one choice of a list.
type option struct{ Value, Label string }

// Choices are the forms of the settings, each with its own errors and its own note.
type Choices struct{ Looks, Name, Picture, Password Form }
