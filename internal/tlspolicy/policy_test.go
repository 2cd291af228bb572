package tlspolicy

import (
	"crypto/tls"
	"strings"
	"testing"
)

// names are all that the SDK's models have (SecurityPolicy of API Gateway).
var names = []string{
	"TLS_1_0", "TLS_1_2", "SecurityPolicy_TLS13_1_3_2025_09", "SecurityPolicy_TLS13_1_3_FIPS_2025_09", "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
	"SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09", "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09", "SecurityPolicy_TLS13_1_2_PQ_2025_09", "SecurityPolicy_TLS13_1_2_2021_06",
	"SecurityPolicy_TLS13_2025_EDGE", "SecurityPolicy_TLS12_PFS_2025_EDGE", "SecurityPolicy_TLS12_2018_EDGE",
}

// TestPolicies: every name is offered, or refused with what can be chosen
// instead, and what it says of versions and key exchange holds.
func TestPolicies(t *testing.T) {
	for _, name := range names {
		p, err := Find(name)
		if strings.Contains(name, "FIPS") {
			if err == nil || !strings.Contains(err.Error(), "FIPS") {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_, instead, _ := strings.Cut(err.Error(), "Choose ")
			if _, err := Find(instead); err != nil {
				t.Errorf("%s: told to choose %q: %v", name, instead, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if only13 := strings.Contains(name, "_1_3_") || name == "SecurityPolicy_TLS13_2025_EDGE"; only13 != (p.Min == tls.VersionTLS13) {
			t.Errorf("%s: at least %s", name, tls.VersionName(p.Min))
		}
		for _, suite := range p.Suites {
			text := tls.CipherSuiteName(suite)
			if strings.Contains(name, "PFS") && !strings.Contains(text, "ECDHE") || name != "TLS_1_0" && strings.HasSuffix(text, "_SHA") {
				t.Errorf("%s offers %s", name, text)
			}
		}
		if strings.Contains(name, "PQ") && (len(p.Curves) == 0 || p.Curves[0] != tls.X25519MLKEM768) {
			t.Errorf("%s: %v", name, p.Curves)
		}
	}
	if _, err := Find("TLS_1_3"); err == nil {
		t.Error("TLS_1_3 is no policy")
	}
}
