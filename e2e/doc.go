// Package e2e contains only tests: they build the real binary, run it on a free port, and use it with real browsers,
// with one browser context per user.
package e2e
