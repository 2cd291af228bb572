package httpapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// action is an action of a service and how it is sent (the services' API
// references; developer guide, "Integration subtype reference").
type action struct {
	service     string // in integration URIs
	name        string
	protocol    protocol
	method      string
	target      string // X-Amz-Target; empty: none
	contentType string
	open, close string // what a JSON body's members stand between
	fields      []actionField
}

// actionField is a parameter of an action.
type actionField struct {
	param    string // in requestParameters
	wire     string // as the service calls it
	kind     fieldKind
	required bool
}

type fieldKind uint8

const (
	textField fieldKind = iota
	timeField
	listField
	attributesField
	segmentField // of a path
)

func (k fieldKind) what() string {
	return [...]string{"text", "time (seconds since 1970, or RFC 3339)", "list of texts", "JSON object of attributes: {NAME: {DataType, StringValue or BinaryValue}}", "part of a path"}[k]
}

// protocol is how a service wants its actions.
type protocol uint8

const (
	jsonProtocol  protocol = iota // "AWS JSON"
	queryProtocol                 // "AWS query": a form
	pathProtocol                  // "REST JSON": the path and query
)

// uri is the action's service as integration URIs name it.
func (a *action) uri(partition, region string) *integration.AWSURI {
	u := &integration.AWSURI{Partition: partition, Region: region, Service: a.service, Path: "/"}
	if a.protocol == jsonProtocol {
		u.Action = a.name
	}
	return u
}

func required(param, wire string) actionField {
	return actionField{param: param, wire: wire, required: true}
}

func optional(param, wire string) actionField { return actionField{param: param, wire: wire} }

// state is an action of AWS Step Functions.
func state(name string, fields ...actionField) *action {
	return &action{service: "states", name: name, protocol: jsonProtocol, method: "POST", target: "AWSStepFunctions." + name,
		contentType: "application/x-amz-json-1.0", open: "{", close: "}", fields: fields}
}

// queue is an action of Amazon SQS. Its answers are XML (seen on AWS), which is
// what the query protocol gets.
func queue(name string, fields ...actionField) *action {
	return &action{service: "sqs", name: name, protocol: queryProtocol, method: "POST", contentType: "application/x-www-form-urlencoded",
		open: "Action=" + name + "&Version=2012-11-05", fields: append([]actionField{required("QueueUrl", "QueueUrl")}, fields...)}
}

// actions are the subtypes of integrations.
var actions = map[string]*action{
	"EventBridge-PutEvents": {service: "events", name: "PutEvents", protocol: jsonProtocol, method: "POST", target: "AWSEvents.PutEvents",
		contentType: "application/x-amz-json-1.1", open: `{"Entries":[{`, close: `}]}`, fields: []actionField{
			required("Detail", "Detail"), required("DetailType", "DetailType"), required("Source", "Source"), {"Time", "Time", timeField, false},
			optional("EventBusName", "EventBusName"), {"Resources", "Resources", listField, false}, optional("TraceHeader", "TraceHeader")}},
	"SQS-SendMessage": queue("SendMessage", required("MessageBody", "MessageBody"), optional("DelaySeconds", "DelaySeconds"),
		actionField{"MessageAttributes", "MessageAttribute", attributesField, false}, optional("MessageDeduplicationId", "MessageDeduplicationId"),
		optional("MessageGroupId", "MessageGroupId"), actionField{"MessageSystemAttributes", "MessageSystemAttribute", attributesField, false}),
	"SQS-ReceiveMessage": queue("ReceiveMessage", actionField{"AttributeNames", "AttributeName", listField, false}, optional("MaxNumberOfMessages", "MaxNumberOfMessages"),
		actionField{"MessageAttributeNames", "MessageAttributeName", listField, false}, optional("ReceiveRequestAttemptId", "ReceiveRequestAttemptId"),
		optional("VisibilityTimeout", "VisibilityTimeout"), optional("WaitTimeSeconds", "WaitTimeSeconds")),
	"SQS-DeleteMessage": queue("DeleteMessage", required("ReceiptHandle", "ReceiptHandle")),
	"SQS-PurgeQueue":    queue("PurgeQueue"),
	"AppConfig-GetConfiguration": {service: "appconfig", name: "GetConfiguration", protocol: pathProtocol, method: "GET", fields: []actionField{
		{"Application", "applications", segmentField, true}, {"Environment", "environments", segmentField, true}, {"Configuration", "configurations", segmentField, true},
		required("ClientId", "client_id"), optional("ClientConfigurationVersion", "client_configuration_version")}},
	"Kinesis-PutRecord": {service: "kinesis", name: "PutRecord", protocol: jsonProtocol, method: "POST", target: "Kinesis_20131202.PutRecord",
		contentType: "application/x-amz-json-1.1", open: "{", close: "}", fields: []actionField{
			required("StreamName", "StreamName"), required("Data", "Data"), required("PartitionKey", "PartitionKey"),
			optional("SequenceNumberForOrdering", "SequenceNumberForOrdering"), optional("ExplicitHashKey", "ExplicitHashKey")}},
	"StepFunctions-StartExecution":     state("StartExecution", required("StateMachineArn", "stateMachineArn"), optional("Name", "name"), optional("Input", "input")),
	"StepFunctions-StartSyncExecution": state("StartSyncExecution", required("StateMachineArn", "stateMachineArn"), optional("Name", "name"), optional("Input", "input"), optional("TraceHeader", "traceHeader")),
	"StepFunctions-StopExecution":      state("StopExecution", required("ExecutionArn", "executionArn"), optional("Cause", "cause"), optional("Error", "error")),
}

// build puts the request of the action together: its body, or path and query.
func (s *serviceCall) build(r *Request, req *http1.ClientRequest) *exchange.Fault {
	a := s.action
	if a.protocol == pathProtocol {
		return s.buildPath(r, req)
	}
	req.Target = append(req.Target, '/')
	body := append(r.event.text[:0], a.open...)
	for n := range s.values {
		var f *exchange.Fault
		if body, f = s.appendValue(body, r, &s.values[n]); f != nil {
			return f
		}
	}
	body = append(body, a.close...)
	r.event.text, req.Body = body, body
	return nil
}

// buildPath appends the path's parts in their order, then the query.
func (s *serviceCall) buildPath(r *Request, req *http1.ClientRequest) *exchange.Fault {
	mark := -1
	for n := range s.action.fields {
		field := &s.action.fields[n]
		if field.kind != segmentField && mark < 0 {
			mark = len(req.Target)
		}
		for m := range s.values {
			if s.values[m].field != field {
				continue
			}
			var f *exchange.Fault
			if req.Target, f = s.appendValue(req.Target, r, &s.values[m]); f != nil {
				return f
			}
		}
	}
	if mark >= 0 && mark < len(req.Target) {
		req.Target[mark] = '?'
	}
	return nil
}

// appendValue appends a parameter in its protocol.
func (s *serviceCall) appendValue(dst []byte, r *Request, v *serviceValue) ([]byte, *exchange.Fault) {
	if s.action.protocol == jsonProtocol && dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	if v.fixed != nil {
		return append(dst, v.fixed...), nil
	}
	value, _, ok := v.value.Append(r.scratch[:0], &r.input)
	if r.scratch = value; !ok {
		return dst, unresolved(v)
	}
	if dst, ok = s.action.protocol.append(dst, v.field, value); !ok {
		return dst, unresolved(v)
	}
	return dst, nil
}

// append appends a parameter with its name; false: its value is none of its kind.
func (p protocol) append(dst []byte, f *actionField, value []byte) ([]byte, bool) {
	switch p {
	case jsonProtocol:
		return appendJSONField(append(jsonpath.AppendText(dst, f.wire), ':'), f, value)
	case pathProtocol:
		return appendPathField(dst, f, value)
	}
	return appendFormField(dst, f, value)
}

func appendJSONField(dst []byte, f *actionField, value []byte) ([]byte, bool) {
	switch f.kind {
	case timeField:
		return appendEpoch(dst, value)
	case listField:
		list, ok := listOf(value)
		dst = append(dst, '[')
		for i, text := range list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsonpath.AppendText(dst, text)
		}
		return append(dst, ']'), ok
	}
	return jsonpath.AppendText(dst, value), true
}

// appendEpoch appends a time as seconds since 1970: it may be given so, or as RFC
// 3339 has it.
func appendEpoch(dst, value []byte) ([]byte, bool) {
	text := string(value)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e11 {
		return strconv.AppendFloat(dst, seconds, 'f', -1, 64), true
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Unix() < 0 {
		return dst, false
	}
	return strconv.AppendFloat(dst, float64(at.UnixMilli())/1000, 'f', -1, 64), true
}

// The bounds of a list, or of attributes, in a request: entries and bytes. A
// client may have sent it.
const (
	maxList      = 100
	maxListBytes = 256 << 10
)

// listOf is a list: JSON's, or texts with commas between; false: it is longer
// than one may be.
func listOf(value []byte) ([]string, bool) {
	if len(value) > maxListBytes {
		return nil, false
	}
	var list []string
	if json.Unmarshal(value, &list) != nil {
		list = strings.SplitN(string(value), ",", maxList+1)
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
	}
	return list, len(list) <= maxList
}

func appendFormField(dst []byte, f *actionField, value []byte) ([]byte, bool) {
	switch f.kind {
	case listField:
		list, ok := listOf(value)
		for i, text := range list {
			dst = mapping.AppendQueryPair(dst, f.wire+"."+strconv.Itoa(i+1), text)
		}
		return dst, ok
	case attributesField:
		return appendAttributes(dst, f.wire, value)
	}
	return mapping.AppendQueryEscaped(append(append(append(dst, '&'), f.wire...), '='), value), true
}

// attribute is a message attribute as SQS's JSON has it.
type attribute struct {
	DataType    string
	StringValue *string
	BinaryValue *string // base64, as the form has it, too
}

// appendAttributes appends a JSON object of attributes as a form has it, in the
// order of their names.
func appendAttributes(dst []byte, wire string, value []byte) ([]byte, bool) {
	var all map[string]attribute
	if len(value) > maxListBytes || json.Unmarshal(value, &all) != nil || all == nil || len(all) > maxList {
		return dst, false
	}
	for i, name := range slices.Sorted(maps.Keys(all)) {
		a, prefix := all[name], wire+"."+strconv.Itoa(i+1)+"."
		dst = mapping.AppendQueryPair(dst, prefix+"Name", name)
		dst = mapping.AppendQueryPair(dst, prefix+"Value.DataType", a.DataType)
		if a.StringValue != nil {
			dst = mapping.AppendQueryPair(dst, prefix+"Value.StringValue", *a.StringValue)
		}
		if a.BinaryValue != nil {
			dst = mapping.AppendQueryPair(dst, prefix+"Value.BinaryValue", *a.BinaryValue)
		}
	}
	return dst, true
}

// appendPathField appends a part of the path, or of the query with '&' before.
// No value becomes more than one part of the path, or leads upwards in it.
func appendPathField(dst []byte, f *actionField, value []byte) ([]byte, bool) {
	if f.kind != segmentField {
		return appendFormField(dst, f, value)
	}
	if text := string(value); text == "." || text == ".." {
		return dst, false
	}
	return mapping.AppendQueryEscaped(append(append(append(dst, '/'), f.wire...), '/'), value), true
}
