package lambda

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"
)

// BenchmarkWarm measures an invocation of a warm function, written in Go
// against the Runtime API, from Invoke to its return; p50 is the budget's.
func BenchmarkWarm(b *testing.B) {
	f, _ := raw(b, nil)
	payload := []byte(`"` + string(make2k()) + `"`)
	in := &Invocation{Function: "raw", Payload: payload}
	var out Result
	if err := f.Invoke(context.Background(), in, &out); err != nil {
		b.Fatal(err)
	}
	took := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		if err := f.Invoke(context.Background(), in, &out); err != nil || out.FunctionError != "" {
			b.Fatal(err, string(out.Payload))
		}
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// BenchmarkCold measures the first invocation of a process.
func BenchmarkCold(b *testing.B) {
	f, _ := raw(b, nil)
	l := f.entries["raw"].local
	in := &Invocation{Function: "raw", Payload: []byte(`"x"`)}
	var out Result
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := f.Invoke(context.Background(), in, &out); err != nil || out.FunctionError != "" {
			b.Fatal(err, string(out.Payload))
		}
		took = append(took, time.Since(began))
		e := l.idle[0]
		l.shrink(time.Now().Add(time.Hour))
		<-e.gone
	}
	report(b, took)
}

// BenchmarkPetstore measures the example's function, made with AWS's library.
func BenchmarkPetstore(b *testing.B) {
	const folder = "../../examples/petstore/functions/petstore"
	if _, err := os.Stat(folder); err != nil {
		b.Skip(err)
	}
	f, _ := host(b, map[string]Function{"raw": {Runtime: "go", Code: folder, Timeout: 60 * time.Second}})
	in := &Invocation{Function: "raw", Payload: []byte(`{"httpMethod":"GET","resource":"/pets/{petId}","pathParameters":{"petId":"3"}}`)}
	if err := f.Prepare(context.Background(), "raw"); err != nil {
		b.Fatal(err)
	}
	var out Result
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := f.Invoke(context.Background(), in, &out); err != nil || out.FunctionError != "" {
			b.Fatal(err, string(out.Payload))
		}
		took = append(took, time.Since(began))
	}
	report(b, took)
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func make2k() []byte {
	b := make([]byte, 2048)
	for i := range b {
		b[i] = 'a'
	}
	return b
}
