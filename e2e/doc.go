// Package e2e holds no code of the program: its tests build the real binary, run it on a free port, and talk through it
// with real browsers, one browser context for each person.
package e2e
