// Package apptest holds what tests of the whole gateway share, in one process or several: a client of the admin API, a seed
// of simulated providers, the client's side of model calls, and a search for leaked secrets. Only tests import it.
package apptest
