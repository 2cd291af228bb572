package telemetry

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

var testTime = time.Date(2025, 6, 18, 17, 28, 59, 123e6, time.UTC)

// variables are what an API kind knows of a request.
type variables map[exchange.VariableName]string

func (v variables) AppendVariable(dst []byte, _ *exchange.Exchange, of exchange.Variable) ([]byte, bool) {
	text, ok := v[of.Name]
	return append(dst, text...), ok
}

// testExchange is a request that went well.
func testExchange() *exchange.Exchange {
	x := &exchange.Exchange{Method: "GET", Received: testTime}
	copy(x.RequestID[:], "f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f")
	copy(x.ExtendedID[:], "SG/4GZGsLt7FvRQ=")
	x.Client = exchange.Client{IP: netip.MustParseAddr("198.51.100.7"), TLS: true, TLSProto: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256"}
	x.Address.RequestPath = []byte("/prod/pets/7")
	x.Response.Status, x.Response.Sent = 200, 1234
	x.Outcome = exchange.Outcome{Resource: "/pets/{id}", Integration: exchange.Integration{
		Type: "AWS_PROXY", Target: "pets", Began: testTime.Add(time.Millisecond), Ended: testTime.Add(13 * time.Millisecond), Status: 200, RequestID: "lambda-id",
	}}
	x.Vars = variables{
		exchange.VarIdentitySourceIP: "198.51.100.7", exchange.VarRequestTime: "18/Jun/2025:17:28:59 +0000", exchange.VarHTTPMethod: "GET",
		exchange.VarResourcePath: "/pets/{id}", exchange.VarProtocol: "HTTP/1.1", exchange.VarIntegrationStatus: "201", exchange.VarAPIID: "a1b2c3d4e5",
		exchange.VarTraceID: "1-6b0031c6-e5e9dfa0faa1dbacee800e15", exchange.VarIdentityUserAgent: "",
	}
	return x
}

// failed is a request that failed in its integration.
func failed() *exchange.Exchange {
	x := testExchange()
	x.Response.Status = 502
	x.Outcome.Fault = &exchange.Fault{Kind: exchange.Default5XX}
	x.Outcome.Integration.Error = "Lambda execution failed with status 200\nforged line"
	x.Vars.(variables)[exchange.VarErrorMessage] = "Internal server error"
	x.Vars.(variables)[exchange.VarErrorMessageString] = `"Internal server error"`
	return x
}

// certified is a request whose client has a certificate with line breaks in its
// names.
func certified() *exchange.Exchange {
	x := testExchange()
	x.Vars.(variables)[exchange.VarClientCertSubjectDN] = "CN=a\nforged"
	x.Vars.(variables)[exchange.VarClientCertIssuerDN] = "CN=b\rforged"
	return x
}

// The first four are the developer guide's examples (Amazon API Gateway
// developer guide, "Set up CloudWatch logging for REST APIs", formats CLF,
// JSON, XML and CSV).
func TestFormat(t *testing.T) {
	tests := map[string]struct {
		format string
		x      *exchange.Exchange
		want   string
	}{
		"CLF": {
			`$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId $context.extendedRequestId`,
			testExchange(),
			`198.51.100.7 - - [18/Jun/2025:17:28:59 +0000]"GET /pets/{id} HTTP/1.1" 200 1234 f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f SG/4GZGsLt7FvRQ=`,
		},
		"JSON": {
			`{ "requestId":"$context.requestId", "extendedRequestId":"$context.extendedRequestId","ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", "user":"$context.identity.user", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod", "resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", "responseLength":"$context.responseLength" }`,
			testExchange(),
			`{ "requestId":"f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f", "extendedRequestId":"SG/4GZGsLt7FvRQ=","ip": "198.51.100.7", "caller":"-", "user":"-", "requestTime":"18/Jun/2025:17:28:59 +0000", "httpMethod":"GET", "resourcePath":"/pets/{id}", "status":"200", "protocol":"HTTP/1.1", "responseLength":"1234" }`,
		},
		"XML": {
			`<request id="$context.requestId"> <extendedRequestId>$context.extendedRequestId</extendedRequestId> <ip>$context.identity.sourceIp</ip> <status>$context.status</status> </request>`,
			testExchange(),
			`<request id="f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f"> <extendedRequestId>SG/4GZGsLt7FvRQ=</extendedRequestId> <ip>198.51.100.7</ip> <status>200</status> </request>`,
		},
		"CSV": {
			`$context.identity.sourceIp,$context.identity.caller,$context.requestTime,$context.httpMethod,$context.status,$context.requestId`,
			testExchange(), `198.51.100.7,-,18/Jun/2025:17:28:59 +0000,GET,200,f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f`,
		},
		"integration": {
			`$context.requestId $context.responseLatency $context.integrationLatency $context.integration.latency $context.integration.integrationStatus $context.integrationStatus $context.integration.status $context.integration.requestId $context.awsEndpointRequestId $context.integration.error`,
			testExchange(), `f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f 25 12 12 200 200 201 lambda-id lambda-id -`,
		},
		"failure": {
			`$context.requestId $context.status $context.error.responseType $context.error.message $context.error.messageString $context.integrationErrorMessage`,
			failed(), `f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f 502 DEFAULT_5XX Internal server error "Internal server error" Lambda execution failed with status 200 forged line`,
		},
		"names in a certificate": {`$context.requestId $context.identity.clientCert.subjectDN $context.identity.clientCert.issuerDN`, certified(),
			`f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f CN=a\nforged CN=b\rforged`},
		"no integration": {
			`$context.extendedRequestId $context.integration.latency $context.integrationStatus`,
			&exchange.Exchange{Received: testTime}, "\x00 - -",
		},
		"edge of the connection": {`$context.requestId $context.tlsVersion $context.cipherSuite $context.xrayTraceId`, testExchange(),
			`f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f TLSv1.3 TLS_AES_128_GCM_SHA256 1-6b0031c6-e5e9dfa0faa1dbacee800e15`},
		"unknown and unset": {`$context.requestId $context.nothing $context.authorizer.my-key $context.waf.status $context.identity.userAgent`, testExchange(), `f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f - - - -`},
		"joined":            {`$context.requestId-$context.status.$context.apiId.`, testExchange(), `f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f-200.a1b2c3d4e5.`},
		"dollars":           {`$5 $context $ $$context.requestId $`, testExchange(), `$5 $context $ $f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f $`},
		"line end given":    {"$context.requestId\n", testExchange(), `f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := CompileFormat(test.format)
			if err != nil {
				t.Fatal(err)
			}
			got := string(f.Append(nil, test.x, testTime.Add(25*time.Millisecond)))
			got = strings.ReplaceAll(got, strings.Repeat("\x00", len(test.x.ExtendedID)), "\x00")
			if diff := cmp.Diff(test.want+"\n", got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFormatRefused(t *testing.T) {
	tests := map[string]struct{ format, want string }{
		"no ID":           {"$context.status", "must contain $context.requestId"},
		"ID in a word":    {"$context.requestIdentity", "must contain $context.requestId"},
		"lines":           {"$context.requestId\n$context.status", "single line"},
		"too long":        {"$context.requestId" + strings.Repeat(" ", maxFormat), "more than 3072 bytes"},
		"input":           {"$context.requestId $input.body", "$input can't be read"},
		"stage variables": {"$context.requestId $stageVariables.x", "$stageVariables can't be read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := CompileFormat(test.format); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("$context.requestId $context.authorizer.a-b- $")
	f.Add(`{"id":"$context.extendedRequestId"}` + "\n")
	f.Add("$context.requestId$context.$context.error.messageString")
	x := failed()
	f.Fuzz(func(t *testing.T, text string) {
		format, err := CompileFormat(text)
		if err != nil {
			return
		}
		line := string(format.Append(nil, x, testTime))
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Errorf("format %q made %q", text, line)
		}
	})
}

func BenchmarkFormat(b *testing.B) {
	f, err := CompileFormat(`{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime","httpMethod":"$context.httpMethod","resourcePath":"$context.resourcePath","status":"$context.status","protocol":"$context.protocol","responseLength":"$context.responseLength","latency":"$context.responseLatency","integration":"$context.integrationLatency"}`)
	if err != nil {
		b.Fatal(err)
	}
	x, line := testExchange(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		line = f.Append(line[:0], x, testTime)
	}
}
