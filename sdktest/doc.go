// Package sdktest runs the vendors' official SDKs against the built binary, started as a newcomer would start it: `squirrel
// demo`. It is a module of its own, so that the SDKs are no dependencies of the gateway.
package sdktest
