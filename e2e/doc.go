// Package e2e drives the admin of the built program with a browser. It is a module of its own, so that the browser's
// driver is no dependency of the gateway.
package e2e
