package lambda

import (
	"log/slog"
	"time"

	"github.com/gatehouse/gatehouse/internal/credentials"
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
	// AWS chain (credentials.Process). Nil means none: calls to an Endpoint go
	// unsigned, and none goes to AWS.
	Credentials credentials.Source

	// CacheDir receives what is built from functions' sources; a folder inside
	// the data folder. Created on first use.
	CacheDir string

	// User is whom local functions run as: a name, or "uid:gid". Needs the
	// right to switch. Empty means the user nobody where the process may switch
	// and a function's folder is open to it, else the process's own.
	User string

	// Debug names a function whose process waits for a debugger: Java on
	// 127.0.0.1:5005, Node.js on 127.0.0.1:9229, Python (which needs the
	// package debugpy) on 127.0.0.1:5678. It has one environment, and neither
	// it nor its callers are bound by time. Empty means none.
	Debug string

	// Events is a folder for asynchronous invocations: those that were given up
	// (dead-letters.jsonl) and those that waited when the process was asked to
	// end (waiting.jsonl). Created on first use. Empty keeps neither.
	Events string

	Log *slog.Logger // nil discards

	events *eventQueue // set by New, unless a test did
}

// Function is one entry of the configuration's `functions`.
type Function struct {
	Runtime     string // "provided.al2023", "go", "nodejs22.x", "python3.13" …; empty with Endpoint
	Code        string // folder: with an executable `bootstrap`, a Go main package, or scripts
	Handler     string // passed as _HANDLER; of scripts `file.function`
	Environment map[string]string
	Timeout     time.Duration // 1 s to 900 s; 0 is 3 s
	Memory      int           // MB, 128–10240; 0 is 128
	Concurrency int           // environments at once; more calls are throttled. 0: 10, and more calls wait

	// Endpoint is anything that answers Lambda's Invoke call; excludes the
	// fields above.
	Endpoint string

	waits bool // the concurrency is ours, not the user's: calls beyond it wait
}
