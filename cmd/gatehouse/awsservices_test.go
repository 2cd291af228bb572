package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// serviceExamples are the definitions of examples/aws-services with what their
// operations must get from the services.
func serviceExamples(t *testing.T) map[string][]operation {
	in := func(name string) string { return filepath.Join(repository(t), "examples", "aws-services", name) }
	const records, mailbox, executions = "/streams/{stream}/records", "/messages", "/executions"
	return map[string][]operation{
		in("kinesis.yaml"): {
			{"GET /streams", "", "", "", 200, jsonType, [2]string{}, `{"streams": \["temperatures"\]}`},
			{"POST " + records, "", "/streams/temperatures/records", `{"data": {"celsius": 21.5}, "key": "cellar"}`, 201, jsonType, [2]string{}, `{"shard": "shardId-000000000000"}`},
			{"POST " + records, "", "/streams/nowhere/records", `{"data": 1, "key": "k"}`, 400, jsonType, [2]string{}, `{"message": "Stream nowhere under account \d+ not found."}`},
			{"PUT " + records, "", "/streams/temperatures/records", `{"records": [{"data": "a", "key": "1"}, {"data": "b", "key": "2"}]}`, 200, jsonType, [2]string{}, `{"refused": 0}`},
		},
		in("sqs.yaml"): {
			{"POST " + mailbox, "", "", `{"say": "it's \"me\""}`, 202, jsonType, [2]string{}, `{"message": "[0-9a-f-]{36}"}`},
		},
		in("stepfunctions.yaml"): {
			{"POST " + executions, "", "", `{"order": "it's \"mine\""}`, 202, jsonType, [2]string{},
				`{"execution": "arn:aws:states:us-east-1:000000000000:execution:orders:[0-9a-f-]{36}"}`},
		},
	}
}

// serveExamples serves the examples before services at address.
func serveExamples(t *testing.T, address string, examples map[string][]operation) {
	t.Helper()
	args := []string{"--config", write(t, "gatehouse.yaml", "endpoints: {default: \"http://"+address+"\"}\n")}
	for file := range examples {
		args = append(args, file)
	}
	s := serveWith(t, args...)
	for file, list := range examples {
		s.performs(file, list)
	}
}

// recorder stands for the services: it keeps the requests by X-Amz-Target.
type recorder struct {
	mu   sync.Mutex // guards seen
	seen map[string][]any
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	target := req.Header.Get("X-Amz-Target")
	raw, _ := io.ReadAll(req.Body)
	var body any
	if err := json.Unmarshal(raw, &body); err != nil {
		body = string(raw)
	}
	r.mu.Lock()
	r.seen[target] = append(r.seen[target], body)
	r.mu.Unlock()
	if !strings.HasPrefix(req.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=000000000000/") {
		http.Error(w, "unsigned", http.StatusForbidden)
		return
	}
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	w.Header().Set("Content-Type", req.Header.Get("Content-Type"))
	switch {
	case target == "Kinesis_20131202.ListStreams":
		io.WriteString(w, `{"StreamNames":["temperatures"],"HasMoreStreams":false}`)
	case target == "Kinesis_20131202.PutRecord" && strings.Contains(string(raw), "nowhere"):
		w.WriteHeader(400)
		io.WriteString(w, `{"__type":"ResourceNotFoundException","message":"Stream nowhere under account 000000000000 not found."}`)
	case target == "Kinesis_20131202.PutRecord":
		io.WriteString(w, `{"SequenceNumber":"1","ShardId":"shardId-000000000000"}`)
	case target == "Kinesis_20131202.PutRecords":
		io.WriteString(w, `{"FailedRecordCount":0,"Records":[]}`)
	case target == "AmazonSQS.SendMessage":
		io.WriteString(w, `{"MD5OfMessageBody":"x","MessageId":"`+id+`"}`)
	case target == "AWSStepFunctions.StartExecution":
		io.WriteString(w, `{"executionArn":"arn:aws:states:us-east-1:000000000000:execution:orders:`+id+`","startDate":1.0}`)
	default:
		w.WriteHeader(404)
	}
}

// TestServiceExamples: what the services get of the examples.
func TestServiceExamples(t *testing.T) {
	t.Parallel()
	r := &recorder{seen: map[string][]any{}}
	fake := httptest.NewServer(r)
	defer fake.Close()
	serveExamples(t, fake.Listener.Addr().String(), serviceExamples(t))
	type object = map[string]any
	want := map[string][]any{
		"Kinesis_20131202.ListStreams": {object{}},
		"Kinesis_20131202.PutRecord": {
			object{"StreamName": "temperatures", "Data": "eyJjZWxzaXVzIjoyMS41fQ==", "PartitionKey": "cellar"},
			object{"StreamName": "nowhere", "Data": "MQ==", "PartitionKey": "k"},
		},
		"Kinesis_20131202.PutRecords": {object{"StreamName": "temperatures", "Records": []any{
			object{"Data": "YQ==", "PartitionKey": "1"}, object{"Data": "Yg==", "PartitionKey": "2"},
		}}},
		"AmazonSQS.SendMessage": {object{
			"QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000000/mailbox", "MessageBody": `{"say": "it's \"me\""}`,
			"MessageAttributes": object{"from": object{"DataType": "String", "StringValue": "127.0.0.1"}},
		}},
		"AWSStepFunctions.StartExecution": {object{
			"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:orders", "input": `{"order":"it's \"mine\""}`,
		}},
	}
	for _, v := range r.seen["AWSStepFunctions.StartExecution"] {
		if m, ok := v.(object); ok {
			delete(m, "name") // the request's ID
		}
	}
	if d := cmp.Diff(want, r.seen); d != "" {
		t.Error(d)
	}
}

// TestServiceExamplesAgainstMoto runs the same against a server that speaks the
// services' protocols, and reads there what arrived.
func TestServiceExamplesAgainstMoto(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"moto_server", "aws"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s isn't installed", tool)
		}
	}
	address := motoServer(t)
	aws := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("aws", append([]string{"--endpoint-url", "http://" + address, "--region", "us-east-1", "--output", "json"}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=000000000000", "AWS_SECRET_ACCESS_KEY=x", "AWS_PAGER=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	const queue, machine = "http://127.0.0.1/000000000000/mailbox", "arn:aws:states:us-east-1:000000000000:stateMachine:orders"
	aws("kinesis", "create-stream", "--stream-name", "temperatures", "--shard-count", "1")
	aws("sqs", "create-queue", "--queue-name", "mailbox")
	aws("stepfunctions", "create-state-machine", "--name", "orders", "--role-arn", "arn:aws:iam::000000000000:role/x",
		"--definition", `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`)

	serveExamples(t, address, serviceExamples(t))

	got := aws("sqs", "receive-message", "--queue-url", queue, "--query", "Messages[].Body")
	if want := `it's \\\"me\\\"`; !strings.Contains(got, want) {
		t.Errorf("the queue has %s, want %s", got, want)
	}
	got = aws("stepfunctions", "list-executions", "--state-machine-arn", machine, "--query", "length(executions)")
	if strings.TrimSpace(got) != "1" {
		t.Errorf("%s executions", got)
	}
	shard := aws("kinesis", "get-shard-iterator", "--stream-name", "temperatures", "--shard-id", "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON",
		"--query", "ShardIterator")
	got = aws("kinesis", "get-records", "--shard-iterator", strings.Trim(strings.TrimSpace(shard), `"`), "--query", "Records[].PartitionKey")
	if d := cmp.Diff(`["cellar","1","2"]`, strings.Join(strings.Fields(got), "")); d != "" {
		t.Error(d)
	}
}

// motoServer starts moto's server and returns its address.
func motoServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command("moto_server", "-H", "127.0.0.1", "-p", port)
	cmd.Env = append(os.Environ(), "MOTO_ACCOUNT_ID=000000000000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, "moto answers", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return address
}
