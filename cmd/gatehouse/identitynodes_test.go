package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// session takes a role on s.
func (s *server) session(t *testing.T, id, secret, role string) (aws.Credentials, error) {
	c := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &s.control, Credentials: awscredentials.NewStaticCredentialsProvider(id, secret, "")})
	out, err := c.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/" + role), RoleSessionName: aws.String("s1")})
	if err != nil {
		return aws.Credentials{}, err
	}
	return aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}, nil
}

// whoIs asks s whose credentials are; the ARN, or the error's text.
func (s *server) whoIs(t *testing.T, c aws.Credentials) string {
	client := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &s.control, Credentials: awscredentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken), RetryMaxAttempts: 1})
	out, err := client.GetCallerIdentity(t.Context(), nil)
	if err != nil {
		return err.Error()
	}
	return *out.Arn
}

const anyOfAccount = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}`

// TestIdentitiesOnTwoNodes: what a command makes in a cluster is known on every
// node, and a session of one node's holds on the other, until its role is gone
// from both.
func TestIdentitiesOnTwoNodes(t *testing.T) {
	t.Parallel()
	etcd := startEtcd(t)
	config := write(t, "gatehouse.yaml", "store: {masterKey: '"+strings.Repeat("1", 64)+"', etcd: {endpoints: ["+etcd.endpoint+"]}}\n")
	one, two := serveWith(t, "--config", config), serveWith(t, "--config", config)
	command := func(args ...string) string { return one.mustIdentity(append(args, "--config", config)...) }
	command("create", "user", "ann", "--policy", "all="+write(t, "all.json", everything))
	command("create", "role", "r", "--trust", write(t, "trust.json", anyOfAccount))
	var key aws.Credentials
	for line := range strings.Lines(command("create", "key", "ann")) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name == "AWS_ACCESS_KEY_ID" {
			key.AccessKeyID = value
		} else if name == "AWS_SECRET_ACCESS_KEY" {
			key.SecretAccessKey = value
		}
	}
	for _, s := range []*server{one, two} {
		eventually(t, "the user is known", func() bool { return s.whoIs(t, key) == "arn:aws:iam::000000000000:user/ann" })
	}
	session, err := one.session(t, key.AccessKeyID, key.SecretAccessKey, "r")
	if err != nil {
		t.Fatal(err)
	}
	if got := two.whoIs(t, session); got != "arn:aws:sts::000000000000:assumed-role/r/s1" {
		t.Error(got)
	}
	command("delete", "role", "r")
	for _, s := range []*server{one, two} {
		eventually(t, "the session ended with its role", func() bool { return strings.Contains(s.whoIs(t, session), "InvalidClientTokenId") })
	}
}

// TestIdentitiesWithoutStore: with the store damaged, those it had are let in
// and nobody else is.
func TestIdentitiesWithoutStore(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	s.keeps(s.api(file))
	s.mustIdentity("create", "user", "ann", "--policy", "all="+write(t, "all.json", everything))
	s.mustIdentity("create", "role", "r", "--trust", write(t, "trust.json", anyOfAccount))
	id, secret := s.newKey("ann")
	before, err := s.session(t, id, secret, "r")
	if err != nil {
		t.Fatal(err)
	}
	s.terminate()
	damage(t, filepath.Join(s.data, "store"), "*.wal")
	s.args = s.args[:len(s.args)-1] // the definition can't be deployed
	s.restart()
	if got := s.whoIs(t, aws.Credentials{AccessKeyID: "any", SecretAccessKey: "any"}); !strings.Contains(got, "InvalidClientTokenId") {
		t.Errorf("anybody: %s", got)
	}
	after, err := s.session(t, id, secret, "r")
	if err != nil {
		t.Errorf("a session without the store: %v", err)
	}
	for name, c := range map[string]aws.Credentials{"a new session": after, "a user": {AccessKeyID: id, SecretAccessKey: secret}, "a session": before} {
		if got := s.whoIs(t, c); !strings.HasPrefix(got, "arn:") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
