package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/smithy-go"
)

// greeting answers GET /hello with text.
func greeting(text string) string {
	return `  /hello:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: "` + text + `"}}}
`
}

// refuses checks that a change is answered 503 with a cause that matches
// pattern, and that the node says so.
func (s *server) refuses(pattern string) {
	s.t.Helper()
	cause := regexp.MustCompile(pattern)
	_, err := s.sdk().CreateRestApi(s.t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("refused")})
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != "ServiceUnavailableException" || !cause.MatchString(e.ErrorMessage()) {
		s.t.Errorf("a change: %v, want ServiceUnavailableException with %q", err, cause)
	}
	ready := call(s.t, "GET", s.control+"/_gatehouse/ready", "", "")
	if ready.status != 503 || !cause.MatchString(ready.body) {
		s.t.Errorf("readiness: %v, want 503 with %q", ready, cause)
	}
	if health := call(s.t, "GET", s.control+"/_gatehouse/health", "", ""); health.status != 200 {
		s.t.Errorf("health: %v, want 200", health)
	}
}

// takesChanges checks that the control address works.
func (s *server) takesChanges() {
	s.t.Helper()
	api, err := s.sdk().CreateRestApi(s.t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("taken")})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.sdk().DeleteRestApi(s.t.Context(), &apigateway.DeleteRestApiInput{RestApiId: api.Id}); err != nil {
		s.t.Error(err)
	}
}

// damage overwrites the beginning of files below dir whose names match.
func damage(t *testing.T, dir, pattern string) {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if match, _ := filepath.Match(pattern, d.Name()); err != nil || d.IsDir() || !match {
			return err
		}
		found = true
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte(strings.Repeat("not what was written ", 800)), 0)
		return errors.Join(err, f.Close())
	})
	if err != nil || !found {
		t.Fatalf("no %s below %s: %v", pattern, dir, err)
	}
}

// TestDamagedStore: with the store damaged, a node serves what it served, and
// says why nothing can be changed.
func TestDamagedStore(t *testing.T) {
	t.Parallel()
	for name, pattern := range map[string]string{"log": "*.wal", "database": "db", "format": "FORMAT"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := apiFile(t, greeting("hi"))
			s := serveWith(t, file)
			api := s.api(file)
			s.keeps(api)
			s.terminate()
			damage(t, filepath.Join(s.data, "store"), pattern)

			s.restart()
			s.greets(api, "dev", "hi")
			s.refuses("damaged")
			s.terminate()
		})
	}
}

// keeps waits until the last good state has an API.
func (s *server) keeps(api string) {
	s.t.Helper()
	record := regexp.MustCompile(`stage:/gatehouse/[^\x00]{1,60}/` + api + "/") // written after its definition
	eventually(s.t, "the last good state has "+api, func() bool {
		data, err := os.ReadFile(filepath.Join(s.data, "lastgood.db"))
		return err == nil && record.Match(data)
	})
}

// TestNothingToServe: without a store and without a last good state, there is
// no reason to run.
func TestNothingToServe(t *testing.T) {
	t.Parallel()
	s := serveWith(t, apiFile(t, greeting("hi")))
	s.terminate()
	damage(t, filepath.Join(s.data, "store"), "*.wal")
	if err := os.Remove(filepath.Join(s.data, "lastgood.db")); err != nil {
		t.Fatal(err)
	}
	err := s.launch()
	if err == nil {
		s.kill()
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), "there is no last good state") || !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}

// TestDamagedLastGood: a damaged last good state is told and made anew.
func TestDamagedLastGood(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	api := s.api(file)
	s.keeps(api)
	s.terminate()
	damage(t, s.data, "lastgood.db")
	s.restart()
	s.greets(api, "dev", "hi")
	s.takesChanges()
	s.keeps(api)
	if len(s.records("the last good state is damaged: begin with an empty one")) != 1 {
		t.Errorf("the damage isn't told:\n%s", s.log.String())
	}
}
