package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// All tests share the path of the server binary, and one browser process in which every user has a browser context.
var (
	binary  string
	browser context.Context
)

func TestMain(m *testing.M) {
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func testMain(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "charla-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "charla")
	build := exec.Command("go", "build", "-race", "-o", binary, "charla/cmd/charla")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("building the server: %w", err)
	}
	stop, err := startBrowser(dir)
	if err != nil {
		return 0, err
	}
	defer stop()
	return m.Run(), nil
}

// startBrowser starts Chromium with its profile in a directory.
func startBrowser(dir string) (stop func(), err error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("these tests need Chromium: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-US"),
		chromedp.Env("LANG=C.UTF-8"), // otherwise it cannot open files with names that are not ASCII
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	if _, err := chromedp.Run(ctx, chromedp.Navigate("about:blank")); err != nil {
		stopAllocator()
		return nil, fmt.Errorf("starting Chromium: %w", err)
	}
	browser = ctx
	return func() { stopBrowser(); stopAllocator() }, nil
}
