package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const fanOutMessage = `{"all":"of you"}`

// fanOut sends one message to many connections: by a signed call for each, by
// one for all, and, for what that takes at least, by a bare loop of writes to as
// many sockets. All hold their clients on the same cores.
func (s *socketShop) fanOut(o options) error {
	h, ids, err := s.audience(o)
	if err != nil {
		return err
	}
	defer h.close()
	bare, err := startHolder(s.writing, "localhost", false)
	if err != nil {
		return err
	}
	defer bare.close()
	if _, err := bare.openMore(fanOutSize); err != nil {
		return err
	}
	took, err := s.postEach(h, ids)
	if err != nil {
		return err
	}
	fmt.Printf("\none message to %d connections, a signed POST each on 64 connections: %v until the last has it\n", fanOutSize, took.Round(time.Millisecond))
	everyone, _ := json.Marshal(object{"everyone": true, "data": fanOutMessage})
	list, err := json.Marshal(object{"connectionIds": ids, "data": fanOutMessage})
	if err != nil {
		return err
	}
	ways := []struct {
		name    string
		server  *process
		clients *holder
		call    func() error
	}{
		{"writes, 1 thread", s.bareWrites, bare, func() error { return s.write(1) }},
		{"writes, 2 threads", s.bareWrites, bare, func() error { return s.write(2) }},
		{"a list of all", s.gatehouse, h, func() error { return s.postMany(list) }},
		{"everyone", s.gatehouse, h, func() error { return s.postMany(everyone) }},
	}
	results := make([][]spreading, len(ways))
	for range max(o.rounds, 3) {
		for i, way := range ways {
			one, err := spreadOnce(way.server, way.clients, way.call)
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", way.name, err, s.gatehouse.log())
			}
			results[i] = append(results[i], one)
		}
	}
	fmt.Printf("one message to %d connections in one call, %d rounds\n%-18s %10s %10s %14s %15s\n", fanOutSize, len(results[0]), "by", "least ms", "median ms", "CPU ms, server", "CPU ms, clients")
	for i, way := range ways {
		pick := func(f func(spreading) time.Duration) []float64 {
			values := make([]float64, len(results[i]))
			for at, one := range results[i] {
				values[at] = float64(f(one).Microseconds()) / 1e3
			}
			return values
		}
		took := pick(func(one spreading) time.Duration { return one.took })
		fmt.Printf("%-18s %10.0f %10.0f %14.0f %15.0f\n", way.name, slices.Min(took), median(took),
			slices.Min(pick(func(one spreading) time.Duration { return one.server })), slices.Min(pick(func(one spreading) time.Duration { return one.clients })))
		if way.server == s.gatehouse && slices.Min(took) > float64(fanOutLimit.Milliseconds()) {
			err = errors.Join(err, fmt.Errorf("one message to many, %s: out of budget (%v)", way.name, fanOutLimit))
		}
	}
	return err
}

// audience opens connections and asks for their IDs.
func (s *socketShop) audience(o options) (h *holder, ids []string, err error) {
	if h, err = s.holder(s.open, false); err != nil {
		return nil, nil, err
	}
	if _, err = h.openMore(fanOutSize); err == nil {
		ids, err = h.ids()
	}
	if err == nil && len(ids) != fanOutSize {
		err = errors.New("there are " + strconv.Itoa(len(ids)) + " connections")
	}
	if err != nil {
		h.close()
	}
	return h, ids, err
}

// spreading is how long one message took to many, and the processes' CPU time.
type spreading struct{ took, server, clients time.Duration }

// spreadOnce measures from the call until the last client has its message.
func spreadOnce(server *process, clients *holder, call func() error) (one spreading, err error) {
	if err := clients.await(); err != nil {
		return one, err
	}
	of := &process{cmd: clients.cmd}
	used, read := server.cpu(), of.cpu()
	began := time.Now()
	if err := call(); err != nil {
		return one, err
	}
	last, err := clients.arrived()
	return spreading{last.Sub(began), server.cpu() - used, of.cpu() - read}, err
}

// postEach posts a message to each connection, on 64 connections, and says when
// the last client had it.
func (s *socketShop) postEach(h *holder, ids []string) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	requests := make([]*http.Request, len(ids))
	for i, id := range ids {
		r, err := s.signedPost("/@connections/"+url.QueryEscape(id), []byte(fanOutMessage))
		if err != nil {
			return 0, err
		}
		requests[i] = r
	}
	if err := h.await(); err != nil {
		return 0, err
	}
	var posted atomic.Int64
	began := time.Now()
	if err := spread(len(requests), 64, func(i int) error {
		_, err := do(client, requests[i])
		posted.Add(1)
		return err
	}); err != nil {
		return 0, fmt.Errorf("after %d: %w", posted.Load(), err)
	}
	last, err := h.arrived()
	return last.Sub(began), err
}

// postMany posts a message to many by one call.
func (s *socketShop) postMany(body []byte) error {
	r, err := s.signedPost("/@connections", body)
	if err != nil {
		return err
	}
	text, err := do(http.DefaultClient, r)
	if err == nil && !bytes.HasPrefix(text, []byte(`{"reached":`+strconv.Itoa(fanOutSize)+`,`)) {
		err = fmt.Errorf("not all were reached: %.200s", text)
	}
	return err
}

func (s *socketShop) signedPost(path string, body []byte) (*http.Request, error) {
	r, err := http.NewRequest("POST", "http://"+s.plain+"/bench"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Host = s.open + ".execute-api.localhost"
	sign(r, "execute-api", body)
	return r, nil
}

// write has the bare server write to all.
func (s *socketShop) write(threads int) error {
	_, err := http.Get("http://" + s.writing + "/" + strconv.Itoa(threads))
	return err
}

// serveWrites takes WebSocket clients, and writes a message to all of them when
// it is asked to: a system call for each, on as many threads as the path says.
func serveWrites(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if err := moreFiles(); err != nil {
		return err
	}
	var mu sync.Mutex // guards what follows
	var files []*os.File
	var sockets []int
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			request, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil {
				return
			}
			if threads, err := strconv.Atoi(strings.TrimPrefix(strings.Fields(request)[1], "/")); err == nil {
				mu.Lock()
				writeAll(sockets, threads)
				mu.Unlock()
				fmt.Fprint(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
				conn.Close()
				return
			}
			file, err := conn.(*net.TCPConn).File()
			if err != nil {
				return
			}
			conn.Close()
			fmt.Fprint(file, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			mu.Lock()
			defer mu.Unlock()
			files, sockets = append(files, file), append(sockets, int(file.Fd()))
		}()
	}
}

func writeAll(sockets []int, threads int) {
	frame := append([]byte{0x81, byte(len(fanOutMessage))}, fanOutMessage...)
	var wg sync.WaitGroup
	for part := range slices.Chunk(sockets, max(1, (len(sockets)+threads-1)/threads)) {
		wg.Go(func() {
			for _, fd := range part {
				_, _ = syscall.Write(fd, frame)
			}
		})
	}
	wg.Wait()
}
