package metering

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestConnections: messages are counted in units of 32 KB, and the time of every
// connection once, however it lies to the drains.
func TestConnections(t *testing.T) {
	now := time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)
	b := NewBook(func() time.Time { return now })
	m := b.Acquire(orders, "")
	pass := func(d time.Duration) { now = now.Add(d) }
	drained := func(want apigw.MeteredAmount) {
		t.Helper()
		var got apigw.MeteredAmount
		counts, _ := b.Drain()
		for _, c := range counts {
			got = got.Plus(c.Amount)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	pass(time.Hour) // nobody is there
	m.Connected()
	pass(10 * time.Second)
	m.Connected()
	pass(20 * time.Second)
	drained(apigw.MeteredAmount{Connected: 50_000})
	pass(1500 * time.Microsecond)
	m.Disconnected()
	drained(apigw.MeteredAmount{Connected: 3})
	pass(500 * time.Microsecond)
	drained(apigw.MeteredAmount{})
	pass(500 * time.Microsecond)
	drained(apigw.MeteredAmount{Connected: 1})
	m.Disconnected()
	pass(time.Hour)
	drained(apigw.MeteredAmount{})

	for _, bytes := range []int{0, 1, 32 << 10, 32<<10 + 1, 128 << 10} { // 1, 1, 1, 2 and 4
		m.Received(bytes)
	}
	drained(apigw.MeteredAmount{Messages: 9})
	m.Sent(10, 33<<10)
	drained(apigw.MeteredAmount{Messages: 20, Bytes: 330 << 10})
}
