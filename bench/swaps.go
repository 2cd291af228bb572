package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The load and the changes of swaps.
const (
	swapRate  = 50  // deployment swaps a second
	swapShare = 0.6 // of the peak
)

// swaps shows what it costs clients that a stage goes to another deployment
// swapRate times a second, at a load of swapShare of the peak: no request may
// fail, and the slowest thousandth may take twice what it takes without swaps.
func swaps(o options) error {
	o.peers = []string{"gatehouse"}
	w, err := newWorkshop(o)
	if err != nil {
		return err
	}
	defer w.close()
	s, err := newSwapper(w.control)
	if err != nil {
		return err
	}
	t := w.peers[0].targets["plain"]
	peak, err := closedLoad(t, o.conns, o.duration)
	if err != nil {
		return err
	}
	fmt.Printf("\nswaps: %d a second, %.0f requests a second (%.0f %% of the peak), %d rounds of %v\n", swapRate, swapShare*peak, 100*swapShare, o.rounds, o.duration)
	fmt.Printf("%-8s %11s %11s %11s %8s %8s\n", "round", "p99.9", "swapping", "ratio", "swaps/s", "failed")
	var ratios []float64
	failed := 0
	for round := range o.rounds {
		still, err := pacedLoad(t, swapShare*peak, o.conns, o.duration)
		if err != nil {
			return err
		}
		stop, done := make(chan struct{}), make(chan error, 1)
		began, before := time.Now(), s.made
		go func() { done <- s.run(stop) }()
		swapping, err := pacedLoad(t, swapShare*peak, o.conns, o.duration)
		close(stop)
		if err := errors.Join(err, <-done); err != nil {
			return err
		}
		lost := still.failed + still.refused + swapping.failed + swapping.refused
		failed += lost
		ratios = append(ratios, swapping.p999/still.p999)
		fmt.Printf("%-8d %8.2f ms %8.2f ms %11.2f %8.1f %8d\n", round+1, still.p999/1e3, swapping.p999/1e3, swapping.p999/still.p999,
			float64(s.made-before)/time.Since(began).Seconds(), lost)
	}
	slices.Sort(ratios)
	middle := ratios[len(ratios)/2]
	fmt.Printf("median ratio %.2f (budget: at most 2), %d requests failed (none may)\n", middle, failed)
	if failed > 0 || middle > 2 {
		return errors.New("swaps: out of budget")
	}
	return nil
}

// swapper moves the stage of the only API to and fro between two deployments.
type swapper struct {
	control, stage string // address, and the stage's path
	deployments    [2]string
	made           int
}

func newSwapper(control string) (*swapper, error) {
	api, err := apiID(control)
	if err != nil {
		return nil, err
	}
	s := &swapper{control: control, stage: "/restapis/" + api + "/stages/bench"}
	for i := range s.deployments {
		var made struct{ ID string }
		if err := manage("POST", control, "/restapis/"+api+"/deployments", map[string]any{}, &made); err != nil {
			return nil, err
		}
		s.deployments[i] = made.ID
	}
	return s, nil
}

// run swaps until stop.
func (s *swapper) run(stop chan struct{}) error {
	ticks := time.NewTicker(time.Second / swapRate)
	defer ticks.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-ticks.C:
		}
		to := map[string]any{"patchOperations": []patch{{"replace", "/deploymentId", s.deployments[s.made%2]}}}
		if err := manage("PATCH", s.control, s.stage, to, nil); err != nil {
			return err
		}
		s.made++
	}
}
