package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/review"
)

// deployments is the command about deployments; it knows diff.
func deployments(args []string, stdout, stderr *os.File) error {
	control := os.Getenv("GATEHOUSE_CONTROL")
	flags := pflag.NewFlagSet("deployments", pflag.ContinueOnError)
	flags.StringVar(&control, "control", control, "control address of the running gatehouse (default "+config.DefaultControl+")")
	names, err := parse(flags, args, stderr, 4, 4)
	if err != nil {
		return err
	}
	if names[0] != "diff" {
		return &usageError{fmt.Sprintf("there is no %q; gatehouse deployments diff API FROM TO", names[0])}
	}
	for _, name := range names[1:] {
		if name == "" || strings.ContainsAny(name, "/?#% ") {
			return &usageError{fmt.Sprintf("%q is no name of an API, a deployment or a stage", name)}
		}
	}
	text, err := askControl(control, "/_gatehouse/deployments/"+strings.Join(names[1:], "/"), maxReview)
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}

// maxReview bounds what is read of an answer, in bytes.
const maxReview = 64 << 20

// askControl gets what the gatehouse at a control address, host:port or URL, has at
// path; signed with the credentials of the environment. An answer other than
// 200 is an error with its message.
func askControl(control, path string, most int64) ([]byte, error) {
	if control == "" {
		control = config.DefaultControl
	}
	if !strings.Contains(control, "://") {
		control = "http://" + control
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(control, "/")+path, nil)
	if err != nil {
		return nil, &usageError{err.Error()}
	}
	sign(r)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil || response.StatusCode == http.StatusOK {
		return body, err
	}
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		answer.Message = response.Status
	}
	return nil, errors.New(answer.Message)
}

// review tells what definition to of an API changes of definition from.
func (pl *plane) review(ctx context.Context, scope apigw.Scope, api apigw.APIID, from, to string) ([]byte, error) {
	a, err := pl.control.DefinitionAt(ctx, scope, api, from)
	if err != nil {
		return nil, err
	}
	b, err := pl.control.DefinitionAt(ctx, scope, api, to)
	if err != nil {
		return nil, err
	}
	items, err := review.Between(a, b)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = review.Print(&text, items)
	return text.Bytes(), err
}
