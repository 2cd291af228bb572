package balance

import "time"

// Algorithm is how a Set chooses among targets that are fit.
type Algorithm uint8

// The algorithms.
const (
	RoundRobin       Algorithm = iota
	LeastOutstanding           // the fewest calls in flight
	WeightedRandom
	FlowHash // by Call.Hash
)

// Policy is how a Set chooses. The zero Policy is round robin without limits.
type Policy struct {
	Algorithm Algorithm
	// SlowStart is how long a target that has become healthy beside others takes
	// a growing part of its share.
	SlowStart time.Duration
	// Fewer fit targets than Least, or than LeastPercent of all, and the Set fails
	// open: all take calls, whatever their health. 0: one must be fit.
	Least, LeastPercent int
	MostInFlight        int64 // of one target; 0: any number
	// SaturatedAt is how many calls in flight per target in use make the whole Set
	// saturated; 0: only MostInFlight of each does.
	SaturatedAt int64
	// EjectAfter failed connections in a row, or EjectAfterErrors answers that are
	// errors, set a target aside for EjectFor; 0: never.
	EjectAfter, EjectAfterErrors int32
	EjectFor                     time.Duration
	Mitigate                     bool // anomalies, of WeightedRandom: see Set.Mitigate
}
