package config

import "testing"

func TestPrefixes(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3": "10.1.2.3/32", "fd00::/8": "fd00::/8", "::1": "::1/128",
		// IPv4 in IPv6's form is the same network, which clients are found in.
		"::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:10.1.2.3": "10.1.2.3/32", "::ffff:0.0.0.0/96": "0.0.0.0/0", "::ffff:0:0/90": "::ffff:0.0.0.0/90",
		"10.0.0.0/33": "", "10.0.0.0/": "", "fe80::1%eth0/64": "", "fe80::1%eth0": "", "": "",
	} {
		var p Prefix
		err := p.UnmarshalText([]byte(text))
		if (err != nil) != (want == "") || err == nil && p.String() != want {
			t.Errorf("%q: %s, %v", text, p, err)
		}
	}
}
