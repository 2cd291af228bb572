// Command backend is a small order service, the kind that stands behind a
// gateway: JSON over HTTP, in memory.
//
//	go run ./examples/orders/backend [ADDRESS]
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

type order struct {
	ID       int       `json:"id"`
	Customer string    `json:"customer"`
	Items    []string  `json:"items"`
	Placed   time.Time `json:"placed"`
}

type shop struct {
	mu     sync.Mutex // guards orders
	orders []order
}

func main() {
	address := "127.0.0.1:9090"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("orders on http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, newShop()))
}

func newShop() http.Handler {
	s := &shop{orders: []order{{1, "ada", []string{"engine"}, time.Now()}, {2, "grace", []string{"compiler", "moth"}, time.Now()}}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/orders", s.list)
	mux.HandleFunc("POST /v1/orders", s.place)
	mux.HandleFunc("GET /v1/orders/{id}", s.show)
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "open", "asked-by": r.Header.Get("X-Asked-By")})
	})
	mux.HandleFunc("/v1/anything/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]any{"method": r.Method, "path": r.URL.Path, "query": r.URL.Query(), "headers": r.Header})
	})
	return mux
}

func (s *shop) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []order{}
	for _, o := range s.orders {
		if c := r.URL.Query().Get("customer"); c == "" || c == o.Customer {
			found = append(found, o)
		}
	}
	answer(w, http.StatusOK, found)
}

func (s *shop) place(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&o); err != nil || o.Customer == "" {
		answer(w, http.StatusBadRequest, map[string]string{"error": "an order is JSON with a customer and items"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o.ID, o.Placed = len(s.orders)+1, time.Now()
	s.orders = append(s.orders, o)
	w.Header().Set("Location", fmt.Sprintf("/v1/orders/%d", o.ID))
	answer(w, http.StatusCreated, o)
}

func (s *shop) show(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(s.orders) {
		answer(w, http.StatusNotFound, map[string]string{"error": "no such order"})
		return
	}
	answer(w, http.StatusOK, s.orders[id-1])
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
