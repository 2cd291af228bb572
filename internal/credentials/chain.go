package credentials

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// retryCredentials is how soon after a vain search for credentials another is
// made.
const retryCredentials = time.Minute

// Process is a Source of the credentials of the process's own AWS chain, as
// any AWS SDK finds them: environment, shared files with their profiles, single
// sign-on, web identity, container, instance. The chain is read on first use and its
// credentials are renewed before they expire; log gets one record that says
// where they come from.
func Process(region string, log *slog.Logger) Source {
	c := &chain{region: region, log: log}
	return c.retrieve
}

type chain struct {
	region string
	log    *slog.Logger

	mu       sync.Mutex
	provider aws.CredentialsProvider // caches; nil until the chain was read
	stated   bool
	err      error
	failed   time.Time
}

func (c *chain) retrieve(ctx context.Context) (sigv4.Credentials, error) {
	provider, err := c.read(ctx)
	if err != nil {
		return sigv4.Credentials{}, err
	}
	found, err := provider.Retrieve(ctx)
	if err != nil {
		c.note(ctx, err)
		return sigv4.Credentials{}, err
	}
	c.state(found)
	return sigv4.Credentials{
		AccessKeyID:     found.AccessKeyID,
		SecretAccessKey: found.SecretAccessKey,
		SessionToken:    found.SessionToken,
	}, nil
}

// read returns the chain's provider, or the last failure while it is fresh:
// outside AWS a search takes seconds until it has found nothing.
func (c *chain) read(ctx context.Context) (aws.CredentialsProvider, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil && time.Since(c.failed) < retryCredentials {
		return nil, c.err
	}
	if c.provider == nil {
		cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.region), config.WithLogger(c))
		if err != nil {
			return nil, err
		}
		c.provider = cfg.Credentials
	}
	return c.provider, nil
}

// Logf takes what the SDK says while it searches.
func (c *chain) Logf(_ logging.Classification, format string, args ...any) {
	c.log.Debug("searching AWS credentials: " + fmt.Sprintf(format, args...))
}

func (c *chain) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // the caller's time, not the chain's answer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err, c.failed = err, time.Now()
}

func (c *chain) state(found aws.Credentials) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = nil
	if !c.stated {
		c.stated = true
		c.log.Info("AWS credentials for outgoing calls", "source", found.Source, "accessKeyId", found.AccessKeyID)
	}
}
