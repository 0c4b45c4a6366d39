package app

import "os"

// heapFloorBytes is how much the process may allocate, at the least, before the garbage collector runs.
const heapFloorBytes = 16 << 20

// heapFloor is address space that nobody ever touches, so it takes no memory of the machine.
var heapFloor []byte //nolint:unused // it is kept, not read

// raiseHeapFloor keeps the collector from running all the time. What lives in an ordinary gateway is some megabytes, and the
// collector starts when as much was allocated again: a hundred requests later. Memory that is only reserved counts as alive, so it
// starts later; with a large heap it makes no difference. An operator who tunes the collector is left alone.
func raiseHeapFloor() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		heapFloor = make([]byte, heapFloorBytes)
	}
}
