// Command sdkfunction is a function for tests made with AWS's Go library.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() { lambda.Start(handle) }

func handle(ctx context.Context, event string) (any, error) {
	switch event {
	case "error":
		return nil, errors.New("as told")
	case "panic":
		panic("as told")
	case "stream":
		return strings.NewReader("one\ntwo"), nil
	case "broken stream":
		return io.MultiReader(strings.NewReader("half"), failing{}), nil
	case "context":
		c, _ := lambdacontext.FromContext(ctx)
		until, _ := ctx.Deadline()
		left := time.Until(until)
		return []any{c.InvokedFunctionArn, os.Getenv("_X_AMZN_TRACE_ID"), left > 0 && left <= 10*time.Second, lambdacontext.MemoryLimitInMB}, nil
	}
	return event, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("as told") }
