package main

import (
	"bytes"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// serveBackend answers every request with 1 KB of JSON.
func serveBackend(address string) error {
	body := []byte(`{"item":"` + strings.Repeat("x", 1000) + `"}`)
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		ctx.SetBody(body)
	}, NoDefaultServerHeader: true}
	return s.ListenAndServe(address)
}

// serveFasthttp is the least a proxy can be on fasthttp: forward, drop hop
// headers, add X-Forwarded-For.
func serveFasthttp(plain, tls, backend, cert, key string) error {
	client := &fasthttp.HostClient{Addr: backend, MaxConns: 4096, MaxIdleConnDuration: time.Minute, NoDefaultUserAgentHeader: true}
	handler := func(ctx *fasthttp.RequestCtx) {
		request, response := &ctx.Request, &ctx.Response
		request.Header.Del("Connection")
		request.URI().SetScheme("http")
		ip, _, _ := net.SplitHostPort(ctx.RemoteAddr().String())
		request.Header.Set("X-Forwarded-For", ip)
		if err := client.Do(request, response); err != nil {
			ctx.Error(err.Error(), fasthttp.StatusBadGateway)
			return
		}
		if bytes.Equal(response.Header.Peek("Connection"), []byte("close")) {
			response.Header.Del("Connection")
		}
	}
	s := &fasthttp.Server{Handler: handler, NoDefaultServerHeader: true}
	failed := make(chan error, 2)
	go func() { failed <- s.ListenAndServe(plain) }()
	go func() { failed <- s.ListenAndServeTLS(tls, cert, key) }()
	return <-failed
}
