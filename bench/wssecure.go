package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
)

// serveHandshakes is the least that a server does for WebSocket clients, over
// TLS where there is a certificate: it takes a handshake, answers the request,
// and has a goroutine wait for what never comes.
func serveHandshakes(address, cert, key string) error {
	if err := moreFiles(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return err
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if _, err := http.ReadRequest(bufio.NewReaderSize(conn, 1<<10)); err != nil {
				return
			}
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			conn.Read(make([]byte, 1))
		}()
	}
}
