package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// maxEnvironment bounds a function's own variables, names and values
// together, as Lambda does.
const maxEnvironment = 4 * 1024

// environ is the complete environment of a function's process, but for what
// differs between its processes. Of ours it gets PATH, so that scripts find
// their interpreter, and what the system itself needs; nothing else, and no
// credentials. AWS Lambda developer guide, page "Defined runtime environment
// variables".
func environ(cfg *Config, name, version string, fn *Function) []string {
	env := append(platformEnv(),
		"PATH="+pathVariable(),
		"TZ=:UTC",
		"AWS_REGION="+cfg.Region,
		"AWS_DEFAULT_REGION="+cfg.Region,
		"AWS_LAMBDA_FUNCTION_NAME="+name,
		"AWS_LAMBDA_FUNCTION_VERSION="+version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+strconv.Itoa(fn.Memory),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/"+name,
		"AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
		"LAMBDA_TASK_ROOT="+fn.Code,
		"LAMBDA_RUNTIME_DIR="+fn.Code,
		"_HANDLER="+fn.Handler,
	)
	if _, _, ok := parseRuntime(fn.Runtime); ok {
		env = append(env, "AWS_EXECUTION_ENV=AWS_Lambda_"+fn.Runtime)
	}
	for k, v := range fn.Environment { // after ours, so that theirs hold
		env = append(env, k+"="+v)
	}
	return env
}

// pathVariable is where programs are looked for.
func pathVariable() string { return os.Getenv("PATH") }

const logStreamVariable = "AWS_LAMBDA_LOG_STREAM_NAME="

// logStream names the log stream of one environment.
func logStream() string {
	var id [16]byte
	rand.Read(id[:])
	return logStreamVariable + time.Now().UTC().Format("2006/01/02") + "/[$LATEST]" + hex.EncodeToString(id[:])
}

// checkEnvironment says what Lambda would refuse in a function's variables.
// The credentials, which Lambda reserves, may be given: there is no execution
// role here to take them from.
func checkEnvironment(env map[string]string) (problems []string) {
	size := 0
	names := make([]string, 0, len(env))
	for k, v := range env {
		size += len(k) + len(v)
		names = append(names, k)
		if strings.ContainsRune(v, 0) {
			problems = append(problems, fmt.Sprintf("environment: the value of %s holds a NUL", k))
		}
	}
	sort.Strings(names)
	for _, k := range names {
		switch {
		case len(k) < 2 || !isWord(k, "_") || k[0] == '_' || k[0] >= '0' && k[0] <= '9':
			problems = append(problems, fmt.Sprintf("environment: %q is no variable name (letters, digits and _, a letter first)", clip(k, 64)))
		case reserved(k):
			problems = append(problems, "environment: "+k+" is reserved by Lambda")
		}
	}
	if size > maxEnvironment {
		problems = append(problems, fmt.Sprintf("environment: %d bytes of variables, Lambda allows %d", size, maxEnvironment))
	}
	return problems
}

func reserved(name string) bool {
	switch name {
	case "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR":
		return true
	}
	return strings.HasPrefix(name, "AWS_LAMBDA_") && name != "AWS_LAMBDA_EXEC_WRAPPER"
}
