package credentials

import (
	"fmt"

	"github.com/gatehouse/gatehouse/internal/iam"
)

// service is whom a role must trust for integrations to use it.
const service = "apigateway.amazonaws.com"

// Trust is a role's trust policy.
type Trust struct{ policy *iam.Policy }

// ParseTrust compiles a trust policy: JSON text or what a YAML or JSON decoder
// made of it.
func ParseTrust(document any) (*Trust, error) {
	policy, err := iam.Parse(document, iam.Trust)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	return &Trust{policy}, nil
}

// NewTrust is a trust policy that was compiled already.
func NewTrust(policy *iam.Policy) *Trust { return &Trust{policy} }

// Allows says whether API Gateway may assume the role for source, the ARN of a
// method, in account. These two are the condition keys that its calls have
// (IAM user guide, "Cross-service confused deputy prevention").
func (t *Trust) Allows(source, account string) bool {
	d := iam.Evaluate([]*iam.Policy{t.policy}, &iam.Request{
		Action: "sts:AssumeRole", Principal: iam.Principal{Service: service}, Keys: caller{source, account},
	})
	return d.Effect == iam.Allow
}

// caller has the condition keys of a call that API Gateway makes for a method.
type caller struct{ source, account string }

func (c caller) Values(dst []string, key string) []string {
	switch key {
	case "aws:sourcearn":
		return append(dst, c.source)
	case "aws:sourceaccount":
		return append(dst, c.account)
	case "aws:principalisawsservice":
		return append(dst, "true")
	}
	return dst
}
