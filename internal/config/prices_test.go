package config

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/metering"
)

// TestPrices: what docs/metering.md shows are the defaults, and a part that is
// left out stays.
func TestPrices(t *testing.T) {
	page, err := os.ReadFile("../../docs/metering.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	free := metering.DefaultPrices()
	free.FreeRequests = 0
	for text, want := range map[string]metering.Prices{block: metering.DefaultPrices(), "prices: {freeRequests: 0}": free} {
		c, err := Load(Overrides{File: write(t, text)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, c.Prices); d != "" {
			t.Error(d)
		}
	}
	if _, err := Load(Overrides{File: write(t, "prices: {requests: [{upTo: 5, price: 1}]}")}, nil); err == nil || !strings.Contains(err.Error(), "prices: requests: tier 1") {
		t.Errorf("error %v", err)
	}
}
