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

// BenchmarkColdScripts measures the first invocation of a process of an
// interpreter that has been found.
func BenchmarkColdScripts(b *testing.B) {
	for _, c := range []struct{ runtime, folder, handler string }{
		{"nodejs20.x", "node", "src/app.handler"},
		{"python3.11", "python", "app/api.handler"},
	} {
		b.Run(c.runtime, func(b *testing.B) {
			f, _ := script(b, c.runtime, c.folder, c.handler, nil)
			l := f.entries["raw"].local
			if _, err := l.code.ready(context.Background()); err != nil {
				b.Fatal(err)
			}
			var took []time.Duration
			for b.Loop() {
				took = append(took, timed(b, f, "{}"))
				e := l.idle[0]
				l.shrink(time.Now().Add(time.Hour))
				<-e.gone
			}
			report(b, took)
		})
	}
}

// BenchmarkWarmScripts measures warm functions of the interpreters.
func BenchmarkWarmScripts(b *testing.B) {
	for _, c := range []struct{ runtime, folder, handler string }{
		{"nodejs20.x", "node", "index.async"},
		{"python3.11", "python", "main.handler"},
	} {
		b.Run(c.runtime, func(b *testing.B) {
			f, _ := script(b, c.runtime, c.folder, c.handler, nil)
			timed(b, f, `{"a":1}`)
			var took []time.Duration
			for b.Loop() {
				took = append(took, timed(b, f, `{"a":1}`))
			}
			report(b, took)
		})
	}
}

// BenchmarkRate measures how many invocations of a Go function are done in a
// second by callers beside each other.
func BenchmarkRate(b *testing.B) {
	f, _ := raw(b, nil)
	timed(b, f, `"x"`)
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		in := &Invocation{Function: "raw", Payload: []byte(`"x"`)}
		var out Result
		for p.Next() {
			if err := f.Invoke(context.Background(), in, &out); err != nil || out.FunctionError != "" {
				b.Error(err, string(out.Payload))
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "invocations/s")
}

// timed is how long an invocation of "raw" takes.
func timed(b *testing.B, f *Functions, event string) time.Duration {
	b.Helper()
	var out Result
	began := time.Now()
	if err := f.Invoke(context.Background(), &Invocation{Function: "raw", Payload: []byte(event)}, &out); err != nil || out.FunctionError != "" {
		b.Fatal(err, string(out.Payload))
	}
	return time.Since(began)
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
