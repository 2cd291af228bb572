package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

// runEtcd is an etcd of one member on address, with its data in dir, until it
// is told to end.
func runEtcd(dir, address string) int {
	client, err := url.Parse("http://" + address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel = dir, "error"
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	peer := url.URL{Scheme: "unix", Host: "localhost:" + fmt.Sprint(os.Getpid())}
	cfg.ListenPeerUrls = []url.URL{peer}
	cfg.TickMs, cfg.ElectionMs = 10, 100
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	<-e.Server.ReadyNotify()
	fmt.Println("ready")
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	<-ended
	e.Close()
	return 0
}
