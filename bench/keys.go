package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Keys are spread over accounts, as AWS has a quota of 10,000 in each.
const (
	keysInAccount  = 10000
	plansInAccount = 100
)

// apiKeys makes n API keys in usage plans, restarts, and prints how long the
// start to ready takes, what is resident then, and what a request with a key
// takes beside one without.
func apiKeys(o options, n int) error {
	dir, err := os.MkdirTemp("", "gatehouse-keys")
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
	fmt.Printf("empty: ready after %v, %.0f MB resident\n", s.ready.Round(time.Millisecond), s.process.rss())
	began := time.Now()
	api, value, err := s.fillKeys(n)
	if err != nil {
		return fmt.Errorf("%w\n%.2000s", err, s.process.log())
	}
	fmt.Printf("%d keys in %d plans made in %v\n", n, (n+keysInAccount-1)/keysInAccount*plansInAccount, time.Since(began).Round(time.Second))
	s.process.stop()
	if err := s.start(); err != nil {
		return err
	}
	fmt.Printf("start to ready: %v, then %.0f MB resident\n", s.ready.Round(time.Millisecond), s.process.rss())
	open, err := s.keyed(api, "/open", "")
	if err != nil {
		return err
	}
	with, err := s.keyed(api, "/key", value)
	fmt.Printf("a request, median: %v without a key, %v with one; %.0f MB resident\n", open, with, s.process.rss())
	return err
}

// fillKeys makes an API in every account and keys for it, in four accounts at a
// time; it returns the first account's API, and a key of it.
func (s *scaled) fillKeys(n int) (api, value string, err error) {
	accounts := (n + keysInAccount - 1) / keysInAccount
	apis, failures := make([]string, accounts), make([]error, accounts)
	var clients sync.WaitGroup
	work := make(chan int)
	for range 4 {
		clients.Go(func() {
			for account := range work {
				apis[account], failures[account] = s.fillAccount(account, min(keysInAccount, n-account*keysInAccount))
			}
		})
	}
	for account := range accounts {
		work <- account
	}
	close(work)
	clients.Wait()
	return apis[0], keyValue(0, 7), errors.Join(failures...)
}

func keyValue(account, i int) string {
	return fmt.Sprintf("key-of-account-%d-with-number-%08d", account, i)
}

const keyedDefinition = `{"openapi":"3.0.1","info":{"title":"keys","version":"1"},
"components":{"securitySchemes":{"k":{"type":"apiKey","name":"x-api-key","in":"header"}}},
"paths":{"/key":{"get":{"security":[{"k":[]}],"responses":{"200":{"description":"x"}},"x-amazon-apigateway-integration":{"type":"mock",
"requestTemplates":{"application/json":"{\"statusCode\": 200}"},"responses":{"default":{"statusCode":"200"}}}}},
"/open":{"get":{"responses":{"200":{"description":"x"}},"x-amazon-apigateway-integration":{"type":"mock",
"requestTemplates":{"application/json":"{\"statusCode\": 200}"},"responses":{"default":{"statusCode":"200"}}}}}}}`

func (s *scaled) fillAccount(account, n int) (api string, err error) {
	if api, err = s.make(account, "/restapis?mode=import", keyedDefinition); err != nil {
		return "", err
	}
	if _, err = s.make(account, "/restapis/"+api+"/deployments", `{"stageName":"s"}`); err != nil {
		return "", err
	}
	var plans []string
	for i := range plansInAccount {
		plan, err := s.make(account, "/usageplans", fmt.Sprintf(
			`{"name":"plan %d","apiStages":[{"apiId":"%s","stage":"s"}],"throttle":{"rateLimit":1e6,"burstLimit":1000000},"quota":{"limit":1000000000,"period":"MONTH"}}`, i, api))
		if err != nil {
			return "", err
		}
		plans = append(plans, plan)
	}
	return api, s.importKeys(account, n, plans)
}

// importKeys imports files of 100 keys.
func (s *scaled) importKeys(account, n int, plans []string) error {
	for first := 0; first < n; first += 100 {
		var b strings.Builder
		b.WriteString("name,key,enabled,usageplanIds\n")
		for i := first; i < min(first+100, n); i++ {
			fmt.Fprintf(&b, "k%d,%s,TRUE,%s\n", i, keyValue(account, i), plans[i%len(plans)])
		}
		if _, err := s.make(account, "/apikeys?mode=import&format=csv", b.String()); err != nil {
			return err
		}
	}
	return nil
}

// make posts to the management API as an account and returns the id of what it
// made.
func (s *scaled) make(account int, path, body string) (id string, err error) {
	request, err := http.NewRequest("POST", "http://"+s.control+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%012d/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=00", account))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("POST %s: %s: %.500s", path, response.Status, text)
	}
	_, rest, _ := strings.Cut(string(text), `"id":"`)
	id, _, _ = strings.Cut(rest, `"`)
	return id, err
}

// keyed is the median of 5,000 requests.
func (s *scaled) keyed(api, path, key string) (time.Duration, error) {
	times := make([]time.Duration, 5000)
	for i := range times {
		request, err := http.NewRequest("GET", "http://"+s.invoke+"/_aws/execute-api/"+api+"/s"+path, nil)
		if err != nil {
			return 0, err
		}
		if key != "" {
			request.Header.Set("x-api-key", key)
		}
		began := time.Now()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", path, response.Status)
		}
		if err != nil {
			return 0, err
		}
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
