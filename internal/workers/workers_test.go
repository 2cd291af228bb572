package workers

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Every job is done, each beside the others; then only so many goroutines wait,
// and later none.
func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const jobs = 5 * mostIdle
		begun := make(chan struct{})
		var all, done sync.WaitGroup
		p := New(func(n *int) {
			all.Done()
			<-begun // nobody waits for another job's end
			*n++
			done.Done()
		})
		before := runtime.NumGoroutine()
		counts := make([]int, jobs)
		for range 2 {
			begun = make(chan struct{})
			all.Add(jobs)
			done.Add(jobs)
			for i := range counts {
				p.Run(&counts[i])
			}
			all.Wait()
			close(begun)
			done.Wait()
			synctest.Wait()
			if waiting := runtime.NumGoroutine() - before; waiting != mostIdle || int(p.idle.Load()) != mostIdle {
				t.Errorf("%d goroutines wait, %d are counted", waiting, p.idle.Load())
			}
		}
		for i, n := range counts {
			if n != 2 {
				t.Errorf("job %d was done %d times", i, n)
			}
		}
		time.Sleep(patience)
		synctest.Wait()
		if left := runtime.NumGoroutine() - before; left != 0 || p.idle.Load() != 0 {
			t.Errorf("%d goroutines are left, %d are counted", left, p.idle.Load())
		}
	})
}
