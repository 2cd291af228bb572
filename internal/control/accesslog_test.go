package control

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func TestCheckAccessLog(t *testing.T) {
	tests := map[string]struct{ format, want string }{
		"none":              {"", ""},
		"request ID":        {"$context.requestId\n", ""},
		"extended ID":       {`{"id":"$context.extendedRequestId"}`, ""},
		"no ID":             {"$context.status", "must contain $context.requestId"},
		"two lines":         {"$context.requestId\n$context.status", "must be single line"},
		"too long":          {"$context.requestId" + strings.Repeat("x", maxLogFormat), "at most"},
		"as long as it may": {"$context.requestId" + strings.Repeat("x", maxLogFormat-len("$context.requestId")), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := checkAccessLog(&apigw.AccessLogSettings{Format: test.format})
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || apigw.KindOf(err) != apigw.BadRequest):
				t.Errorf("error %v, want a bad request with %q", err, test.want)
			}
		})
	}
}

func TestAccessLogDestinationEndsInItsName(t *testing.T) {
	const group = "arn:aws:logs:us-east-1:000000000000:log-group:prod"
	if err := checkAccessLog(&apigw.AccessLogSettings{DestinationARN: group}); err != nil {
		t.Error(err)
	}
	// Recorded on AWS: not accepted.
	wantError(t, checkAccessLog(&apigw.AccessLogSettings{DestinationARN: group + ":*"}), apigw.BadRequest, "Invalid ARN specified in the request")
}
