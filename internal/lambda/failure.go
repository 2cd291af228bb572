package lambda

import (
	"encoding/json"
	"fmt"
	"time"
)

// maxPayload bounds a synchronous payload in either direction: 6 MB and the
// 100 bytes that Lambda allows on top.
const maxPayload = 6*1024*1024 + 100

// maxEvent bounds the payload of an asynchronous call.
const maxEvent = 1024 * 1024

// unhandled is the only value of X-Amz-Function-Error that today's runtimes
// produce.
const unhandled = "Unhandled"

// The error types that Lambda itself gives an invocation that went wrong.
const (
	typeExit          = "Runtime.ExitError"
	typeEntrypoint    = "Runtime.InvalidEntrypoint"
	typeTimeout       = "Sandbox.Timedout"
	typeResponseLarge = "Function.ResponseSizeTooLarge"
)

// outcome is what an invocation came to.
type outcome struct {
	payload       []byte
	functionError string // empty on success
}

// words is what a failure says, without its stack.
func (o *outcome) words() string {
	var doc struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(o.payload, &doc) != nil || doc.Type == "" {
		return clip(string(o.payload), 1024)
	}
	return clip(doc.Type+": "+doc.Message, 1024)
}

// failure is the outcome that Lambda reports in a function's place. The words
// follow "RequestId: … Error: ".
func failure(requestID, errorType, words string) outcome {
	return document(errorType, "RequestId: "+requestID+" Error: "+words)
}

func document(errorType, message string) outcome {
	doc := struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message}
	payload, err := json.Marshal(doc)
	if err != nil {
		payload = []byte(`{"errorType":"Sandbox.Failure"}`) // two strings always marshal
	}
	return outcome{payload: payload, functionError: unhandled}
}

func timedOut(requestID string, after time.Duration) outcome {
	return failure(requestID, typeTimeout, fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds()))
}

func responseTooLarge(limit int64) outcome {
	return document(typeResponseLarge,
		fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", limit))
}

// exited words the end of a process as Lambda does; status is empty for exit
// status 0.
func exited(requestID, status string) outcome {
	if status == "" {
		return failure(requestID, typeExit, "Runtime exited without providing a reason")
	}
	return failure(requestID, typeExit, "Runtime exited with error: "+status)
}
