package discovery

import (
	"encoding/json"
	"log/slog"
	"net/netip"
	"strconv"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// usable: an instance that a source makes can be called, and its ID is one.
func usable(t *testing.T, list ...*apigw.RegistryInstance) {
	t.Helper()
	for _, in := range list {
		v4, v6 := in.Attributes[apigw.AttributeIPv4], in.Attributes[apigw.AttributeIPv6]
		for _, text := range []string{v4, v6} {
			if _, err := netip.ParseAddr(text); text != "" && err != nil {
				t.Errorf("%+v: %v", in, err)
			}
		}
		if port, err := strconv.ParseUint(in.Attributes[apigw.AttributePort], 10, 16); err != nil || port == 0 || v4+v6 == "" || in.ID == "" || len(in.ID) > maxID || cleanID(in.ID) != in.ID {
			t.Errorf("%+v can't be called", in)
		}
	}
}

func FuzzContainer(f *testing.F) {
	f.Add([]byte(`{"Id":"0123456789abcdef","Name":"/one","State":{"Running":true,"Health":{"Status":"healthy"}},"Config":{"Labels":{"gatehouse.service":"a/b","gatehouse.weight":"3"},"ExposedPorts":{"80/tcp":{}}},"NetworkSettings":{"Networks":{"a":{"IPAddress":"10.0.0.1","GlobalIPv6Address":"fd00::1"}}}}`))
	f.Add([]byte(`{"Id":"é","State":{"Running":true},"Config":{"Labels":{"gatehouse.service":"a/b","gatehouse.port":"80"}},"NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}}}`))
	f.Add([]byte(`{"Id":"x","State":{"Running":true},"Config":{"Labels":{"gatehouse.service":"a/b","gatehouse.port":"80"}},"NetworkSettings":{"Ports":{"80/tcp":[{"HostPort":"99999"}]}}}`))
	c := &Containers{Address: "unix:/a", Log: slog.New(slog.DiscardHandler)}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got container
		if json.Unmarshal(text, &got) != nil {
			return
		}
		if _, in, err := c.read(&got); err == nil && in != nil {
			usable(t, in)
		}
	})
}

func FuzzConsul(f *testing.F) {
	f.Add([]byte(`[{"Node":{"Node":"n","Address":"10.0.0.1"},"Service":{"ID":"a b","Port":80,"Tags":["t"],"Meta":{"AWS_INSTANCE_PORT":"1"}},"Checks":[{"Status":"critical"}]},{"Node":{"Node":"m","Address":"fe80::1%eth0"},"Service":{"ID":"a b","Port":80}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var entries []consulEntry
		if json.Unmarshal(text, &entries) != nil {
			return
		}
		if list, err := consulInstances(entries); err == nil {
			usable(t, list...)
		}
	})
}

func FuzzEndpointSlice(f *testing.F) {
	f.Add([]byte(`{"metadata":{"name":"a","resourceVersion":"7"},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":false,"serving":true,"terminating":true},"targetRef":{"kind":"Pod","name":"p"}},{"addresses":[]}],"ports":[{"name":"http","port":80}]}`), "ADDED")
	f.Add([]byte(`{"code":410}`), "ERROR")
	f.Fuzz(func(t *testing.T, object []byte, kind string) {
		w := &endpointSlices{known: map[string]*slice{}, put: func(list []*apigw.RegistryInstance) { usable(t, list...) }}
		_ = w.take(&watchEvent{Type: kind, Object: object})
	})
}
