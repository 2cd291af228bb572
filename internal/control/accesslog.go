package control

import (
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxLogFormat is the most bytes of an access log format (Amazon API Gateway
// developer guide, "Set up CloudWatch logging for REST APIs").
const maxLogFormat = 3 << 10

// checkAccessLog refuses a destination that AWS refuses, a log group's ARN as
// CloudFormation writes it, with ":*" at its end (which tools take off), and a
// format that AWS refuses: of several lines, too long, or without a request ID.
func checkAccessLog(log *apigw.AccessLogSettings) error {
	if log == nil {
		return nil
	}
	if strings.HasSuffix(log.DestinationARN, ":*") {
		return apigw.Errorf(apigw.BadRequest, "Invalid ARN specified in the request")
	}
	if log.Format == "" {
		return nil
	}
	format := strings.TrimRight(log.Format, "\r\n")
	switch {
	case strings.ContainsAny(format, "\r\n"):
		return apigw.Errorf(apigw.BadRequest, "Access Log format must be single line, new line character is allowed only at end of the format")
	case len(format) > maxLogFormat:
		return apigw.Errorf(apigw.BadRequest, "Access Log format has %d bytes, %d at most", len(format), maxLogFormat)
	case !strings.Contains(format, "$context.requestId") && !strings.Contains(format, "$context.extendedRequestId"):
		return apigw.Errorf(apigw.BadRequest, "Access Log format must contain $context.requestId or $context.extendedRequestId")
	}
	return nil
}
