package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// TestPrivateAPIExample runs examples/private-api with the AWS CLI and curl: the
// patterns across accounts and from on premises (sheet "private networking",
// 4.1).
func TestPrivateAPIExample(t *testing.T) {
	t.Parallel()
	need(t, "aws", "sh", "curl")
	folder := filepath.Join("..", "..", "examples", "private-api")
	text, err := os.ReadFile(filepath.Join(folder, "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	public, office, partner, locked := freeport.Address(t), freeport.Address(t), freeport.Address(t), freeport.Address(t)
	s := serveListening(t, strings.NewReplacer("127.0.0.1:8080", public, "127.0.0.1:8081", office, "127.0.0.1:8082", partner, "127.0.0.1:8083", locked).Replace(string(text)))
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join(folder, "setup.sh"))
	cmd.Env = append(s.clientEnv(), "TMPDIR="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("setup.sh: %v\n%s", err, out)
	}
	api := strings.TrimSpace(string(out))
	answer := func(path, through, who string) string {
		return `{"path": "` + path + `", "through": "` + through + `", "who": "` + who + `"}200`
	}
	own, endpoint := "http://API.execute-api.us-east-1.amazonaws.com/prod", "http://vpce-0ffice00000000000-abc.execute-api.us-east-1.vpce.amazonaws.com/prod"
	signed := []string{"--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user", "AKIAPARTNER000000001:partner-secret"}
	const vpceOffice, vpcePartner = "vpce-0ffice00000000000", "vpce-0partner000000000"
	for name, c := range map[string]struct {
		at, url string
		options []string
		want    string // of the body with the status; a status alone: the body is any
	}{
		"private DNS name":              {office, own + "/orders/1", nil, answer("/prod/orders/1", vpceOffice, "")},
		"alias":                         {office, strings.Replace(own, "API", "API-"+vpceOffice, 1) + "/orders/1", nil, answer("/prod/orders/1", vpceOffice, "")},
		"from on premises":              {office, endpoint + "/orders/1", []string{"-H", "x-apigw-api-id: API"}, answer("/prod/orders/1", vpceOffice, "")},
		"private domain name":           {office, "http://orders.internal/v1/orders/1", nil, answer("/v1/orders/1", vpceOffice, "")},
		"partner, domain name":          {partner, "http://orders.internal/v1/orders/1", nil, answer("/v1/orders/1", vpcePartner, "")},
		"partner, signed":               {partner, own + "/reports", signed, answer("/prod/reports", vpcePartner, "arn:aws:iam::222222222222:user/partner")},
		"partner, unsigned":             {partner, own + "/reports", nil, `{"message":"Missing Authentication Token"}403`},
		"partner's alias":               {partner, strings.Replace(own, "API", "API-"+vpcePartner, 1) + "/orders/1", nil, `{"message":"Forbidden"}403`},
		"the partner's own policy":      {partner, own + "/orders/1", []string{"-X", "POST"}, "403"},
		"public":                        {public, own + "/orders/1", nil, `{"message":"Forbidden"}403`},
		"public, private domain name":   {public, "http://orders.internal/v1/orders/1", nil, "404"},
		"whom no security group admits": {locked, own + "/orders/1", nil, "000"},
	} {
		t.Run(name, func(t *testing.T) {
			expand := func(text string) string { return strings.ReplaceAll(text, "API", api) }
			args := []string{"-s", "--max-time", "20", "-w", "%{http_code}", "--connect-to", "::" + c.at}
			for _, option := range c.options {
				if strings.HasPrefix(option, "x-apigw") {
					option = expand(option)
				}
				args = append(args, option)
			}
			got, _ := exec.CommandContext(t.Context(), "curl", append(args, expand(c.url))...).Output()
			if text := string(got); text != c.want && (len(c.want) > 3 || !strings.HasSuffix(text, c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
