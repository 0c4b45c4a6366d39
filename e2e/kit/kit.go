// Package kit is what the browser tests and the gallery share: the built program and a browser to look at it.
package kit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Build makes a command of the main module, named by its folder, in a directory. The program itself is taken from
// SQUIRREL_BINARY when that is set.
func Build(ctx context.Context, dir, command string) (string, error) {
	if given := os.Getenv("SQUIRREL_BINARY"); given != "" && command == "." {
		return given, nil
	}
	binary := filepath.Join(dir, filepath.Base(command)+".bin")
	if command == "." {
		binary = filepath.Join(dir, "squirrel")
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, command)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	return binary, nil
}

// Browser starts Chromium with one tab. As root it can't have its sandbox.
func Browser(ctx context.Context) (context.Context, context.CancelFunc) {
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	opts = append(opts, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(ctx, opts...)
	tab, stop := chromedp.NewContext(alloc)
	return tab, func() { stop(); stopAlloc() }
}

// Window is how high a window is before it is made as high as its page.
const Window = 900

// Size sets the window.
func Size(width, height int64) chromedp.Action {
	return emulation.SetDeviceMetricsOverride(width, max(height, Window), 1, width < 600)
}

// Scheme sets whether the visitor's machine is "light" or "dark".
func Scheme(scheme string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
}

// Height is how high the page is.
func Height(height *int64) chromedp.Action {
	return chromedp.Evaluate(`document.documentElement.scrollHeight`, height)
}
