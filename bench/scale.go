package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// scaleRoutes is how many routes each API of the scale run has.
const scaleRoutes = 20

// scale imports and deploys n APIs, restarts, and prints how long the start
// to ready takes, what is resident then and once every API was called, and
// how one API answers beside all the others.
func scale(o options, n int) error {
	dir, err := os.MkdirTemp("", "gatehouse-scale")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w := &workshop{dir: dir}
	defer w.close()
	binary := o.binary
	if binary == "" {
		if binary, err = build(dir); err != nil {
			return err
		}
	}
	s := &scaled{w: w, binary: binary, invoke: freeAddress(), control: freeAddress()}
	if err := s.start(); err != nil {
		return err
	}
	one, err := s.fill(1)
	if err != nil {
		return err
	}
	alone, err := s.latency(one[0])
	if err != nil {
		return err
	}
	began := time.Now()
	ids, err := s.fill(n - 1)
	if err != nil {
		return err
	}
	fmt.Printf("imported and deployed %d APIs of %d routes in %v\n", n, scaleRoutes, time.Since(began).Round(time.Millisecond))
	s.process.stop()
	if err := s.start(); err != nil {
		return err
	}
	fmt.Printf("start to ready: %v, then %.0f MB resident\n", s.ready.Round(time.Millisecond), s.process.rss())
	for _, id := range ids {
		if err := s.call(id); err != nil {
			return err
		}
	}
	fmt.Printf("every API called once: %.0f MB resident\n", s.process.rss())
	among, err := s.latency(one[0])
	fmt.Printf("a call of one API, median: %v alone, %v among %d\n", alone, among, n)
	return err
}

// scaled is a gatehouse with many APIs.
type scaled struct {
	w               *workshop
	binary          string
	invoke, control string
	process         *process
	ready           time.Duration
}

// start starts the server and notes how long it took to print its ready line.
func (s *scaled) start() error {
	began := time.Now()
	p, err := start(s.w.dir, s.binary, "serve", "--data", filepath.Join(s.w.dir, "data"), "--invoke", s.invoke, "--control", s.control, "--log-level", "error")
	if err != nil {
		return err
	}
	s.process = p
	s.w.processes = append(s.w.processes, p)
	for time.Since(began) < time.Minute {
		if strings.Contains(p.log(), "ready ") {
			s.ready = time.Since(began)
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("no ready line:\n%s", p.log())
}

// fill imports and deploys n APIs with four clients.
func (s *scaled) fill(n int) (ids []string, err error) {
	var mu sync.Mutex
	var clients sync.WaitGroup
	work := make(chan int)
	for range 4 {
		clients.Go(func() {
			for i := range work {
				id, failure := s.importOne(i)
				mu.Lock()
				ids = append(ids, id)
				if failure != nil {
					err = failure
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	clients.Wait()
	return ids, err
}

func (s *scaled) importOne(i int) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `{"openapi":"3.0.1","info":{"title":"scale %d","version":"1"},"paths":{`, i)
	for r := range scaleRoutes {
		if r > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"/things%d/{id}":{"get":{"responses":{"200":{"description":"x"}},"x-amazon-apigateway-integration":{"type":"mock",`+
			`"requestTemplates":{"application/json":"{\"statusCode\": 200}"},"responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":"{\"thing\": %d}"}}}}}}`, r, r)
	}
	b.WriteString("}}")
	answer, err := s.post("/restapis?mode=import", b.String())
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(answer, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	_, err = s.post("/restapis/"+id+"/deployments", `{"stageName":"s"}`)
	return id, err
}

func (s *scaled) post(path, body string) (string, error) {
	request, err := http.NewRequest("POST", "http://"+s.control+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", anyCredentials)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(bufio.NewReader(response.Body))
	if err == nil && response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("POST %s: %s: %s", path, response.Status, text)
	}
	return string(text), err
}

func (s *scaled) call(id string) error {
	response, err := http.Get("http://" + s.invoke + "/_aws/execute-api/" + id + "/s/things7/x")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("API %s: %s", id, response.Status)
	}
	return err
}

// latency is the median of 2,000 calls of one API.
func (s *scaled) latency(id string) (time.Duration, error) {
	times := make([]time.Duration, 2000)
	for i := range times {
		began := time.Now()
		if err := s.call(id); err != nil {
			return 0, err
		}
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
