// Package faults tests the gateway as a process: it kills it, stops its database, fills its disk, sends it signals and looks
// for secrets in whatever it leaves behind. The simulated providers and the clients run in the test, each with a ledger of
// its own, and what the two remember must agree with the gateway's log. The names of the tests begin with the number of the
// fault.
//
// Flags after -args: -kills=200, -outage=30s and -soak=60s make the short runs long; `make crash` and `make load` do.
package faults
