//go:build race

package protocol_test

// raced says that the race detector is on: it allocates, and pools lose what they have.
const raced = true
