package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/explain"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// explained is how many requests' decisions are kept.
const explained = 1000

// explainWhat says of which requests the decisions are kept: of all, or where
// only this machine can call, definitions are given and so a person develops,
// of those that ask.
func (p *program) explainWhat(all bool, definitions int) gateway.Explained {
	if all {
		return gateway.ExplainAll
	}
	if definitions == 0 {
		return gateway.ExplainNone
	}
	for _, l := range p.config.Invoke {
		host, _, err := net.SplitHostPort(l.Address)
		if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return gateway.ExplainNone
		}
	}
	return gateway.ExplainAsked
}

// done is what happens to a request that was answered; nil when nothing does.
func (p *program) done() func(*exchange.Exchange) {
	switch {
	case p.requests == nil && p.recorder == nil:
		return nil
	case p.recorder == nil:
		return p.requests.Log
	}
	return func(x *exchange.Exchange) {
		if x.Explaining() {
			p.recorder.Record(x, time.Now())
		}
		if p.requests != nil {
			p.requests.Log(x)
		}
	}
}

// explainHandler answers with the report of the request that the path names.
func (p *program) explainHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var report *explain.Report
		if p.recorder != nil {
			report = p.recorder.Find(strings.TrimPrefix(r.URL.Path, explainPath))
		}
		if report == nil {
			message := fmt.Sprintf("nothing is known of this request; decisions are kept of the latest %d requests that were explained", explained)
			if p.recorder == nil {
				message = "decisions aren't kept: start gatehouse serve with --explain"
			}
			w.WriteHeader(http.StatusNotFound)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
			return
		}
		_ = json.NewEncoder(w).Encode(report)
	})
}

// explainRequest is the command that asks a running gatehouse.
func explainRequest(args []string, stdout, stderr *os.File) error {
	control, asJSON := os.Getenv("GATEHOUSE_CONTROL"), false
	flags := pflag.NewFlagSet("explain", pflag.ContinueOnError)
	flags.StringVar(&control, "control", control, "control address of the running gatehouse (default "+config.DefaultControl+")")
	flags.BoolVar(&asJSON, "json", false, "print the report as JSON")
	ids, err := parse(flags, args, stderr, 1, 1)
	if err != nil {
		return err
	}
	report, err := askReport(control, ids[0])
	if err != nil {
		return err
	}
	if asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	return report.Print(stdout)
}

// explainPath is where a gatehouse tells of requests, by their IDs.
const explainPath = "/_gatehouse/explain/"

// maxReport bounds what is read of an answer, in bytes.
const maxReport = 1 << 20

// askReport asks the gatehouse at a control address.
func askReport(control, id string) (*explain.Report, error) {
	if strings.ContainsAny(id, ":?#%") {
		return nil, &usageError{fmt.Sprintf("%q is no request ID", id)}
	}
	body, err := askControl(control, explainPath+url.PathEscape(id), maxReport)
	if err != nil {
		return nil, err
	}
	report := new(explain.Report)
	if err := json.Unmarshal(body, report); err != nil {
		return nil, fmt.Errorf("the answer is no report: %w", err)
	}
	return report, nil
}

// sign signs as AWS's clients do; without credentials, with ones that do where
// no identities are configured.
func sign(r *http.Request) {
	c := sigv4.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	if c.AccessKeyID == "" {
		c = sigv4.Credentials{AccessKeyID: "gatehouse", SecretAccessKey: "gatehouse"}
	}
	region := os.Getenv("AWS_REGION")
	if region == "" {
		region = config.DefaultRegion
	}
	new(sigv4.Signer).SignHTTP(r, sha256.Sum256(nil), c, region, "apigateway", time.Now())
}
