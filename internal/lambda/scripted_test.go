package lambda

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// need skips a test where a program is missing; in CI it must not be.
func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not on PATH", program)
	}
	t.Skipf("%s is not on PATH: functions of its runtimes aren't tested", program)
}

// script is a host of one function "raw" in testdata.
func script(t testing.TB, runtime, folder, handler string, change func(*Function)) (*Functions, *logBuffer) {
	t.Helper()
	need(t, map[byte]string{'n': "node", 'p': "python3", 'r': "ruby"}[runtime[0]])
	fn := Function{Runtime: runtime, Code: "testdata/" + folder, Handler: handler, Timeout: 10 * time.Second, Memory: 256}
	if change != nil {
		change(&fn)
	}
	return host(t, map[string]Function{"raw": fn})
}

// invoke invokes "raw" with an event as JSON.
func invoke(t testing.TB, f *Functions, event string) *Result {
	t.Helper()
	var out Result
	in := &Invocation{Function: "raw", Payload: []byte(event), TraceID: "Root=1-2-3", ClientContext: "eyJjdXN0b20iOnsiayI6InYifX0="}
	if err := f.Invoke(t.Context(), in, &out); err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return &out
}

// answer is a result's payload, with what differs between runs replaced.
func answer(r *Result) string {
	s := strings.ReplaceAll(string(r.Payload), r.RequestID, "ID")
	s = regexp.MustCompile(`"(/[^"]*|file:[^"]*)/testdata/`).ReplaceAllString(s, `"…/testdata/`)
	return s
}

// reported is the error type and message of a result, and the beginning of
// the first line of its trace.
func reported(t *testing.T, r *Result) [3]string {
	t.Helper()
	var doc struct {
		ErrorType, ErrorMessage string
		Trace, StackTrace       []string
	}
	if err := json.Unmarshal(r.Payload, &doc); err != nil || r.FunctionError != unhandled {
		t.Fatalf("no error: %v, %q, %s", err, r.FunctionError, r.Payload)
	}
	first := append(append(doc.Trace, doc.StackTrace...), "")[0]
	first, _, _ = strings.Cut(first, "\n")
	return [3]string{doc.ErrorType, strings.ReplaceAll(doc.ErrorMessage, r.RequestID, "ID"), first}
}

func TestNode(t *testing.T) {
	cases := []struct{ name, handler, event, want string }{
		{"async", "index.async", `{"a":[1]}`, `{"a":[1]}`},
		{"undefined", "index.async", `{"do":"nothing"}`, `null`},
		{"characters", "index.async", `"grün 🏠"`, `"grün 🏠"`},
		{"callback", "index.callback", `{"a":1}`, `{"a":1}`},
		{"callback later", "index.callback", `{"do":"later"}`, `"later"`},
		{"callback at once", "index.callback", `{"do":"at once"}`, `"at once"`},
		{"context.done", "index.callback", `{"do":"done"}`, `"done"`},
		{"context.succeed", "index.callback", `{"do":"succeed"}`, `"succeeded"`},
		{"callback never called", "index.callback", `{"do":"silent"}`, `null`},
		{"result of a plain function", "index.sync", `{}`, `null`},
		{"property", "index.nested.deep", `{}`, `"deep"`},
		{"nested folder", "src/app.handler", `{}`, `"nested"`},
		{"cjs", "src/old.handler", `{}`, `"common"`},
		{"ES module", "lib/esm.handler", `1`, `{"file":"esm.mjs","event":1}`},
		{"package of type module", "typed/app.handler", `{}`, `"ready"`},
		{"stream", "index.stream", `{}`, `one {"two":2}`},
		{"stream with status", "index.stream", `{"do":"http"}`, `{"statusCode":201}` + "\x00\x00\x00\x00\x00\x00\x00\x00" + `one {"two":2}`},
		{"S3 event", "index.events", `{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}`, `["k"]`},
		{"SNS event", "index.events", `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"m"}}]}`, `["m"]`},
		{"Kinesis event", "index.events", `{"Records":[{"kinesis":{"data":"aGk="}}]}`, `["hi"]`},
		{"REST API event", "index.events", `{"resource":"/p","path":"/p","httpMethod":"GET"}`, `{"statusCode":200,"headers":{"x-path":"/p"},"body":"GET","isBase64Encoded":false}`},
		{"HTTP API event", "index.events", `{"version":"2.0","routeKey":"GET /p","rawPath":"/p","requestContext":{"http":{"method":"GET"}}}`,
			`{"statusCode":200,"body":"{\"route\":\"GET /p\",\"path\":\"/p\"}"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, _ := script(t, "nodejs20.x", "node", c.handler, nil)
			for range 2 {
				if r := invoke(t, f, c.event); string(r.Payload) != c.want || r.FunctionError != "" {
					t.Errorf("%q %q, want %q", r.FunctionError, r.Payload, c.want)
				}
			}
		})
	}
}

func TestNodeErrors(t *testing.T) {
	const nodeExit = "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes"
	cases := []struct {
		name, handler, event string
		want                 [3]string
	}{
		{"thrown", "index.async", `{"do":"throw"}`, [3]string{"RangeError", "as told", "RangeError: as told"}},
		{"rejected", "index.async", `{"do":"reject"}`, [3]string{"TypeError", "as told", "TypeError: as told"}},
		{"no error object", "index.async", `{"do":"throw text"}`, [3]string{"string", "as told", ""}},
		{"callback", "index.callback", `{"do":"fail"}`, [3]string{"Error", "as told", "Error: as told"}},
		{"callback with text", "index.callback", `{"do":"fail text"}`, [3]string{"string", "as told", ""}},
		{"thrown before the callback", "index.callback", `{"do":"throw"}`, [3]string{"Error", "as told", "Error: as told"}},
		{"never settled", "index.async", `{"do":"never"}`, [3]string{"Runtime.NodeJsExit", nodeExit, "Runtime.NodeJsExit: " + nodeExit}},
		{"no JSON", "index.async", `{"do":"circular"}`, [3]string{"Error", "Unable to stringify response body", "Error: Unable to stringify response body"}},
		{"uncaught", "index.async", `{"do":"crash"}`, [3]string{"Error", "as told", "Error: as told"}},
		{"unhandled rejection", "index.async", `{"do":"unhandled"}`,
			[3]string{"Runtime.UnhandledPromiseRejection", "Error: as told", "Runtime.UnhandledPromiseRejection: Error: as told"}},
		{"exit", "index.async", `{"do":"exit"}`, [3]string{"Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 3", ""}},
		{"too large", "index.async", `{"do":"large","size":7000000}`,
			[3]string{"Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes).", ""}},
		{"stream breaks", "index.stream", `{"do":"break"}`, [3]string{"Error", "as told", "Error: as told"}},
		{"no module", "src/missing.handler", `{}`, [3]string{"Runtime.ImportModuleError", "Error: Cannot find module 'missing'", "Runtime.ImportModuleError: Error: Cannot find module 'missing'"}},
		{"no package", "src/needs.handler", `{}`, [3]string{"Runtime.ImportModuleError", "Error: Cannot find module 'no-such-package'", "Runtime.ImportModuleError: Error: Cannot find module 'no-such-package'"}},
		{"syntax", "src/syntax.handler", `{}`, [3]string{"Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input", "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected end of input"}},
		{"throws at start", "src/throws.handler", `{}`, [3]string{"Error", "at start", "Error: at start"}},
		{"no handler", "index.missing", `{}`, [3]string{"Runtime.HandlerNotFound", "index.missing is undefined or not exported", "Runtime.HandlerNotFound: index.missing is undefined or not exported"}},
		{"no function", "index.notFunction", `{}`, [3]string{"Runtime.HandlerNotFound", "index.notFunction is not a function", "Runtime.HandlerNotFound: index.notFunction is not a function"}},
		{"above", "../index.handler", `{}`, [3]string{"Runtime.MalformedHandlerName",
			"'../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names.",
			"Runtime.MalformedHandlerName: '../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names."}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, _ := script(t, "nodejs20.x", "node", c.handler, nil)
			for range 2 { // the second meets no leftovers of the first
				got := reported(t, invoke(t, f, c.event))
				if first, _, ok := strings.Cut(got[1], "\nRequire stack:"); ok {
					got[1] = first
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestNodeContext(t *testing.T) {
	f, _ := script(t, "nodejs20.x", "node", "index.async", nil)
	want := `{"name":"raw","version":"$LATEST","memory":"256","arn":"arn:aws:lambda:eu-west-1:123456789012:function:raw",` +
		`"group":"/aws/lambda/raw","stream":true,"left":true,"client":{"custom":{"k":"v"}},"waits":true,"id":"ID","trace":"Root=1-2-3",` +
		`"handler":"index.async","runtime":"AWS_Lambda_nodejs20.x"}`
	if d := cmp.Diff(want, answer(invoke(t, f, `{"do":"context"}`))); d != "" {
		t.Error(d)
	}
}

// TestNode24 runs what differs from nodejs24.x on: callbacks are refused.
func TestNode24(t *testing.T) {
	f, logs := script(t, "nodejs24.x", "node", "index.callback", nil)
	if got := reported(t, invoke(t, f, `{}`)); got[0] != "Runtime.CallbackHandlerDeprecated" {
		t.Errorf("%q", got)
	}
	if version, _ := exec.Command("node", "--version").Output(); !strings.HasPrefix(string(version), "v24.") &&
		!strings.Contains(logs.String(), "another version of the interpreter than their runtime names") {
		t.Errorf("the log doesn't tell of the version:\n%s", logs)
	}
}

func TestPython(t *testing.T) {
	cases := []struct{ name, runtime, handler, event, want string }{
		{"event", "python3.11", "main.handler", `{"a":[1,null,1.5]}`, `{"a": [1, null, 1.5]}`},
		{"characters", "python3.11", "main.handler", `{"do":"text"}`, `"gr\u00fcn"`},
		{"characters from 3.12 on", "python3.12", "main.handler", `{"do":"text"}`, `"grün"`},
		{"decimal", "python3.11", "main.handler", `{"do":"decimal"}`, `{"price": 1.10}`},
		{"nested folder", "python3.11", "app/api.handler", `{}`, `"nested"`},
		{"package", "python3.11", "app.api.handler", `{}`, `"nested"`},
		{"SQS event", "python3.11", "main.proxy", `{"Records":[{"messageId":"1","body":"b"}]}`, `["b"]`},
		{"REST API event", "python3.11", "main.proxy", `{"path":"/p","httpMethod":"GET"}`, `{"statusCode": 200, "headers": {"x-path": "/p"}, "body": "{\"time\": true}"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, _ := script(t, c.runtime, "python", c.handler, nil)
			for range 2 {
				if r := invoke(t, f, c.event); string(r.Payload) != c.want || r.FunctionError != "" {
					t.Errorf("%q %q, want %q", r.FunctionError, r.Payload, c.want)
				}
			}
		})
	}
}

func TestPythonErrors(t *testing.T) {
	cases := []struct {
		name, handler, event, want string // the whole document
	}{
		{"raised", "main.handler", `{"do":"raise"}`, `{"errorMessage": "as told", "errorType": "OwnError", "requestId": "ID", ` +
			`"stackTrace": ["  File \"…/testdata/python/main.py\", line 20, in handler\n    raise OwnError(\"as told\")\n"]}`},
		{"no JSON", "main.handler", `{"do":"marshal"}`, `{"errorMessage": "Unable to marshal response: Object of type set is not JSON serializable", ` +
			`"errorType": "Runtime.MarshalError", "requestId": "ID", "stackTrace": []}`},
		{"exit", "main.handler", `{"do":"exit"}`, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 3"}`},
		{"no module", "app/missing.handler", `{}`, `{"errorMessage": "Unable to import module 'app/missing': No module named 'app.missing'", ` +
			`"errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []}`},
		{"no package", "app/needs.handler", `{}`, `{"errorMessage": "Unable to import module 'app/needs': No module named 'no_such_package'", ` +
			`"errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []}`},
		{"syntax", "app/syntax.handler", `{}`, `{"errorMessage": "Syntax error in module 'app/syntax': expected ':' (syntax.py, line 1)", ` +
			`"errorType": "Runtime.UserCodeSyntaxError", "requestId": "", "stackTrace": ["  File \"…/testdata/python/app/syntax.py\" Line 1\n    def handler(event, context)\n"]}`},
		{"throws at start", "app/throws.handler", `{}`, `{"errorMessage": "at start", "errorType": "ValueError", "requestId": "", ` +
			`"stackTrace": ["  File IMPORTLIB…/testdata/python/app/throws.py\", line 1, in <module>\n    raise ValueError(\"at start\")\n"]}`},
		{"no handler", "main.missing", `{}`, `{"errorMessage": "Handler 'missing' missing on module 'main'", ` +
			`"errorType": "Runtime.HandlerNotFound", "requestId": "", "stackTrace": []}`},
		{"built-in", "sys.exit", `{}`, `{"errorMessage": "Cannot use built-in module sys as a handler module", ` +
			`"errorType": "Runtime.BuiltInModuleConflict", "requestId": "", "stackTrace": []}`},
	}
	// As on Lambda, the frames of the import itself are in the trace.
	imports := regexp.MustCompile(`"  File .*importlib.*\\"…/`)
	quoted := regexp.MustCompile(`\\"/[^"]*/testdata/`)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, _ := script(t, "python3.11", "python", c.handler, nil)
			for range 2 {
				r := invoke(t, f, c.event)
				got := imports.ReplaceAllString(quoted.ReplaceAllString(answer(r), `\"…/testdata/`), `"  File IMPORTLIB…/`)
				if d := cmp.Diff(c.want, got); d != "" || r.FunctionError != unhandled {
					t.Errorf("%q %s", r.FunctionError, d)
				}
			}
		})
	}
}

func TestPythonContext(t *testing.T) {
	f, _ := script(t, "python3.11", "python", "main.handler", nil)
	want := `{"name": "raw", "version": "$LATEST", "memory": "256", "arn": "arn:aws:lambda:eu-west-1:123456789012:function:raw", ` +
		`"group": "/aws/lambda/raw", "stream": true, "left": true, "client": {"k": "v"}, "id": "ID", "identity": null, "trace": "Root=1-2-3", "cwd": true}`
	if d := cmp.Diff(want, answer(invoke(t, f, `{"do":"context"}`))); d != "" {
		t.Error(d)
	}
}

func TestScriptLogs(t *testing.T) {
	cases := []struct {
		runtime, folder, handler string
		want                     []string
	}{
		{"nodejs20.x", "node", "index.async", []string{`level=INFO msg="two\nlines { a: 1 }"`, "level=ERROR msg=wrong", "level=INFO msg=small"}},
		{"python3.11", "python", "main.handler", []string{"level=INFO msg=printed", `level=INFO msg="two\nlines"`, "level=ERROR msg=wrong"}},
	}
	for _, c := range cases {
		t.Run(c.runtime, func(t *testing.T) {
			f, logs := script(t, c.runtime, c.folder, c.handler, nil)
			r := invoke(t, f, `{"do":"log"}`)
			f.Close() // all is read
			for _, want := range c.want {
				if !strings.Contains(logs.String(), want+" function=raw requestId="+r.RequestID) {
					t.Errorf("no %s in\n%s", want, logs)
				}
			}
		})
	}
}

func TestQualifiers(t *testing.T) {
	fn := Function{Runtime: "provided.al2023", Code: rawFolder}
	f, _ := host(t, map[string]Function{"raw": fn, "raw:blue": fn, "raw:3": fn})
	const arn = "arn:aws:lambda:eu-west-1:123456789012:function:"
	cases := []struct{ function, version, problem string }{
		{"raw", "$LATEST", ""},
		{"raw:$LATEST", "$LATEST", ""},
		{"raw:blue", "$LATEST", ""},
		{"raw:green", "$LATEST", ""}, // an alias without an entry
		{arn + "raw:3", "3", ""},
		{"raw:4", "", "Function not found: " + arn + "raw:4"},
	}
	for _, c := range cases {
		t.Run(c.function, func(t *testing.T) {
			var out Result
			err := f.Invoke(t.Context(), &Invocation{Function: c.function, Payload: []byte(`"env"`)}, &out)
			if c.problem != "" {
				if KindOf(err) != NotFound || out.Status != 404 || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("%v, status %d", err, out.Status)
				}
				return
			}
			if err != nil || out.ExecutedVersion != c.version || !strings.Contains(string(out.Payload), `"AWS_LAMBDA_FUNCTION_VERSION=`+c.version+`"`) {
				t.Errorf("%v, version %s, %s", err, out.ExecutedVersion, out.Payload)
			}
		})
	}
}

// TestScriptContained: a script that spins or fills memory is told so, and the
// next call works.
func TestScriptContained(t *testing.T) {
	const late = "RequestId: ID Error: Task timed out after 2.00 seconds"
	cases := []struct{ runtime, folder, handler, event, errorType, message string }{
		{"nodejs20.x", "node", "index.async", "spin", "Sandbox.Timedout", late},
		{"nodejs20.x", "node", "index.async", "memory", "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: signal: aborted"},
		{"python3.11", "python", "main.handler", "spin", "Sandbox.Timedout", late},
		{"python3.11", "python", "main.handler", "memory", "MemoryError", ""},
	}
	for _, c := range cases {
		t.Run(c.runtime+" "+c.event, func(t *testing.T) {
			f, _ := script(t, c.runtime, c.folder, c.handler, func(fn *Function) {
				fn.Timeout = 30 * time.Second
				if c.event == "spin" {
					fn.Timeout = 2 * time.Second
				}
			})
			invoke(t, f, `{}`)
			if got := reported(t, invoke(t, f, `{"do":"`+c.event+`"}`)); got[0] != c.errorType || got[1] != c.message {
				t.Errorf("%q", got)
			}
			if r := invoke(t, f, `{"after":1}`); r.FunctionError != "" {
				t.Errorf("afterwards: %s", r.Payload)
			}
		})
	}
}
