package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// answers is a server without a network: what it answers to a request.
type answers func(*http.Request) (status int, body io.Reader)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	return &http.Response{StatusCode: status, Body: io.NopCloser(body), Header: http.Header{}, Request: r}, nil
}

func (f answers) client() *client {
	return &client{base: "http://source", http: &http.Client{Transport: f, CheckRedirect: stay}}
}

func isWatch(r *http.Request) bool { return r.URL.Query().Get("watch") != "" }

// following follows slices for a while, and says how often they were listed, how
// many instances were put last, and how it ended.
func (f answers) following(t *testing.T, within time.Duration) (lists, instances int, err error) {
	counting := answers(func(r *http.Request) (int, io.Reader) {
		if !isWatch(r) && r.URL.Query().Get("continue") == "" {
			lists++
		}
		return f(r)
	})
	w := &endpointSlices{put: func(list []*apigw.RegistryInstance) { instances = len(list) }}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	repeatedly(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, a *attempts) error {
		now := w.follow(ctx, counting.client(), a)
		if ctx.Err() == nil {
			err = now
		}
		return now
	})
	return lists, instances, err
}

// TestNullInAList: a slice that is null ends nothing.
func TestNullInAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := answers(func(r *http.Request) (int, io.Reader) {
			if isWatch(r) {
				return 500, strings.NewReader("")
			}
			return 200, strings.NewReader(`{"items":[null,{"metadata":{"name":"a"},"endpoints":[{"addresses":["10.0.0.1"]}],"ports":[{"port":80}]}]}`)
		})
		if _, instances, _ := server.following(t, 100*time.Millisecond); instances != 1 {
			t.Errorf("%d instances", instances)
		}
	})
}

// TestForgettingAgainAndAgain: a server that forgets each watch at once isn't
// listed without a pause.
func TestForgettingAgainAndAgain(t *testing.T) {
	for name, gone := range map[string]answers{
		"as the answer": func(*http.Request) (int, io.Reader) { return 410, strings.NewReader("") },
		"in the stream": func(*http.Request) (int, io.Reader) {
			return 200, strings.NewReader(`{"type":"ERROR","object":{"code":410}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				server := answers(func(r *http.Request) (int, io.Reader) {
					if asked++; asked > 1000 {
						t.Fatal("it is asked as fast as it answers")
					}
					if isWatch(r) {
						return gone(r)
					}
					return 200, strings.NewReader(`{"metadata":{"resourceVersion":"7"}}`)
				})
				if lists, _, err := server.following(t, 9500*time.Millisecond); lists < 5 || lists > 10 || err != nil {
					t.Errorf("listed %d times in 9.5 s, %v", lists, err)
				}
			})
		})
	}
}

// TestEndlessLists: what a server tells of a service is bounded, page by page and
// event by event.
func TestEndlessLists(t *testing.T) {
	pages := 0
	server := answers(func(*http.Request) (int, io.Reader) {
		if pages++; pages > 2*maxPages {
			t.Fatal("its pages are asked for without end")
		}
		return 200, strings.NewReader(`{"metadata":{"continue":"more"},"items":[{"metadata":{"name":"a"}}]}`)
	})
	w := &endpointSlices{put: func([]*apigw.RegistryInstance) {}}
	if err := w.list(t.Context(), server.client()); err == nil || !strings.Contains(err.Error(), "pages") {
		t.Errorf("a list without end: %v", err)
	}
	w = &endpointSlices{known: map[string]*slice{}, put: func([]*apigw.RegistryInstance) {}}
	for i := range maxSlices {
		w.known[fmt.Sprint(i)] = &slice{}
	}
	change := func(name string) error {
		return w.take(&watchEvent{Type: "ADDED", Object: []byte(`{"metadata":{"name":"` + name + `"}}`)})
	}
	if err := change("7"); err != nil {
		t.Errorf("one that is known: %v", err)
	}
	if err := change("one more"); err == nil || !strings.Contains(err.Error(), "slices") {
		t.Errorf("one too many: %v", err)
	}
}

// TestListsWithoutWatches: a server that lets a service be listed, but not
// watched, isn't listed twice a second.
func TestListsWithoutWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := answers(func(r *http.Request) (int, io.Reader) {
			if isWatch(r) {
				return 403, strings.NewReader("no watch")
			}
			return 200, strings.NewReader(`{"items":[{"metadata":{"name":"a"},"endpoints":[{"addresses":["10.0.0.1"]}],"ports":[{"port":80}]}]}`)
		})
		lists, instances, err := server.following(t, 5*time.Minute)
		if lists < 5 || lists > 40 || instances != 1 || err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("listed %d times in 5 minutes, %d instances, %v", lists, instances, err)
		}
	})
}

// unending is a body that stops in its middle.
type unending struct{ ctx context.Context }

func (u unending) Read([]byte) (int, error) {
	<-u.ctx.Done()
	return 0, u.ctx.Err()
}

// TestUnendingAnswers: a source that stops in the middle of an answer is asked
// again.
func TestUnendingAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		server := answers(func(r *http.Request) (int, io.Reader) {
			return 200, io.MultiReader(strings.NewReader(`{"items":[`), unending{r.Context()})
		})
		var got struct{ Items []slice }
		began := time.Now()
		_, err := server.client().get(ctx, "/", nil, listTime, &got)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > listTime+readTime {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// TestUnendingRefusals: so is one that refuses and stops before it has said why.
func TestUnendingRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		server := answers(func(r *http.Request) (int, io.Reader) {
			return 500, io.MultiReader(strings.NewReader("a fault"), unending{r.Context()})
		})
		began := time.Now()
		_, err := server.client().open(ctx, "/", nil, engineTime)
		if took := time.Since(began); err == nil || err.Error() != "it answers 500: a fault" || took > engineTime {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// TestLongFaults: a source doesn't fill the log with what it says.
func TestLongFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := answers(func(r *http.Request) (int, io.Reader) {
			if isWatch(r) {
				return 200, strings.NewReader(`{"type":"ERROR","object":{"code":500,"message":"a fault` + strings.Repeat("ä", maxFault) + `"}}`)
			}
			return 200, strings.NewReader(`{}`)
		})
		_, _, err := server.following(t, time.Millisecond)
		var log strings.Builder
		(&attempts{log: slog.New(slog.NewTextHandler(&log, nil))}).failed(t.Context(), err)
		if told := log.String(); !strings.Contains(told, "500: a fault") || strings.Contains(told, `\x`) || len(told) > 2*maxFault {
			t.Errorf("%d bytes are told: %.200s", len(told), told)
		}
	})
}
