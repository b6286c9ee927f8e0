// Package e2e contains only tests. They build the real binary, run it on a free port, and use it with real browsers.
// Each user has a separate browser context, like a browser of their own.
package e2e
