package apigw

// Account is what belongs to a scope as a whole. It always exists.
type Account struct {
	// CloudWatchRole is the role that AWS writes logs with. It is kept; logs
	// need none here.
	CloudWatchRole ARN `json:"cloudwatchRoleArn,omitempty"`
}
