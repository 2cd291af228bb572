package lambda

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestAWSLibrary runs a function made with AWS's own Go library, built from
// this module.
func TestAWSLibrary(t *testing.T) {
	f, _ := host(t, map[string]Function{"raw": {Runtime: "go", Code: "testdata/sdkfunction", Timeout: 10 * time.Second, Memory: 256}})
	cases := []struct{ event, want string }{
		{"hello", `"hello"`},
		{"error", `{"errorMessage":"as told","errorType":"errorString"}`},
		{"after an error", `"after an error"`},
		{"panic", `{"errorMessage":"as told","errorType":"string","stackTrace":[`},
		{"after a panic", `"after a panic"`},
		{"stream", "one\ntwo"},
		{"broken stream", `{"errorMessage":"as told","errorType":"errorString"}`},
		{"context", `["arn:aws:lambda:eu-west-1:123456789012:function:raw","Root=1-2-3",true,256]`},
	}
	for _, c := range cases {
		t.Run(c.event, func(t *testing.T) {
			var out Result
			payload, _ := json.Marshal(c.event)
			err := f.Invoke(t.Context(), &Invocation{Function: "raw", Payload: payload, TraceID: "Root=1-2-3"}, &out)
			if err != nil || !strings.HasPrefix(string(out.Payload), c.want) {
				t.Errorf("%v: %q, want %q", err, out.Payload, c.want)
			}
			if failed := strings.HasPrefix(c.want, `{"errorMessage"`); failed != (out.FunctionError == "Unhandled") {
				t.Errorf("function error %q", out.FunctionError)
			}
		})
	}
}
