package telemetry

import (
	"fmt"
	"strings"
)

// GroupOf is the log group that an access log's destination names: a
// CloudWatch log group, or a Firehose delivery stream whose name begins with
// amazon-apigateway- (developer guide, "Set up CloudWatch logging for REST
// APIs").
func GroupOf(arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 6 || parts[0] != "arn" {
		return "", fmt.Errorf("%q is no ARN", arn)
	}
	switch {
	case parts[2] == "logs" && parts[5] == "log-group" && len(parts) == 7:
		group, _, _ := strings.Cut(parts[6], ":") // ":*" may follow
		return group, checkGroup(group)
	case parts[2] == "firehose":
		stream, ok := strings.CutPrefix(parts[5], "deliverystream/")
		if !ok || !strings.HasPrefix(stream, "amazon-apigateway-") {
			return "", fmt.Errorf("%q: the delivery stream's name must begin with amazon-apigateway-", arn)
		}
		return stream, checkGroup(stream)
	}
	return "", fmt.Errorf("%q is neither a log group nor a Firehose delivery stream", arn)
}

// ExecutionGroup is the log group of a stage's execution logs.
func ExecutionGroup(api, stage string) string {
	return "API-Gateway-Execution-Logs_" + api + "/" + stage
}

// maxGroup is the most characters of a log group's name (CloudWatch Logs API
// reference, CreateLogGroup).
const maxGroup = 512

// checkGroup refuses what is no log group's name, and what would lead out of a
// folder as a file's name.
func checkGroup(name string) error {
	if name == "" || len(name) > maxGroup {
		return fmt.Errorf("the log group's name has %d characters, 1 to %d are allowed", len(name), maxGroup)
	}
	for i := range len(name) {
		if c := name[i]; !letter(c) && !strings.ContainsRune("_-/.#", rune(c)) {
			return fmt.Errorf("the log group's name %q may have a-z, A-Z, 0-9, _, -, /, . and # alone", name)
		}
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(name, "/"), "/") {
		if strings.Trim(part, ".") == "" || len(part) > 200 {
			return fmt.Errorf("the log group's name %q can't be a file's name: a part of it is empty, all dots, or longer than 200 characters", name)
		}
	}
	return nil
}
