package lambda

import (
	"context"
	"log/slog"
	"time"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Config is all that New needs.
type Config struct {
	Partition string // "aws"
	Account   string // 12 digits
	Region    string

	// Functions are those that run here or have an endpoint of their own, by
	// name, or by ARN (an ARN wins over a name).
	Functions map[string]Function

	// Endpoint answers Lambda's Invoke call for all functions that Functions
	// doesn't hold: `endpoints.lambda`, else `endpoints.default`. Empty means
	// AWS's own, which needs Credentials.
	Endpoint string

	// Credentials returns what remote calls are signed with: the process's own
	// AWS chain (ProcessCredentials). Nil means none: calls to an Endpoint go
	// unsigned, and none goes to AWS.
	Credentials CredentialSource

	// CacheDir receives what is built from functions' sources; a folder inside
	// the data folder. Created on first use.
	CacheDir string

	// User is whom local functions run as: a name, or "uid:gid". Needs the
	// right to switch. Empty means the user nobody where the process may switch
	// and a function's folder is open to it, else the process's own.
	User string

	Log *slog.Logger // nil discards
}

// CredentialSource returns the credentials that hold now; it caches. An error
// means there are none.
type CredentialSource func(ctx context.Context) (sigv4.Credentials, error)

// Function is one entry of the configuration's `functions`.
type Function struct {
	Runtime     string // "provided.al2023" or "go"; empty with Endpoint
	Code        string // folder: with an executable `bootstrap`, or a Go main package
	Handler     string // passed as _HANDLER
	Environment map[string]string
	Timeout     time.Duration // 1 s to 900 s; 0 is 3 s
	Memory      int           // MB, 128–10240; 0 is 128
	Concurrency int           // environments at once; 0 is 10

	// Endpoint is anything that answers Lambda's Invoke call; excludes the
	// fields above.
	Endpoint string
}
