package control

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
)

// maxPolicy bounds a function's policy, in bytes, as Lambda does.
const maxPolicy = 20 << 10

// apiGateway is the principal that invokes functions for APIs.
const apiGateway = "apigateway.amazonaws.com"

// loadBalancing is the principal that invokes them as targets of load balancers.
const loadBalancing = "elasticloadbalancing.amazonaws.com"

// AddPermission adds a statement to a function's policy and returns it as AWS
// shows it.
func (s *Functions) AddPermission(ctx context.Context, scope apigw.Scope, name string, p apigw.FunctionPermission, revision string) (statement string, err error) {
	if _, err := sourcePolicy(p.SourceARN); err != nil {
		return "", apigw.Errorf(apigw.BadRequest, "SourceArn: %v", err)
	}
	_, err = s.UpdateFunction(ctx, scope, name, nil, "", func(f *apigw.Function) error {
		if err := checkQualifier(scope, f, p.Qualifier); err != nil {
			return err
		}
		if err := checkRevision(revision, policyRevision(f, p.Qualifier)); err != nil {
			return err
		}
		if permission(f, p.Qualifier, p.ID) >= 0 {
			return apigw.Errorf(apigw.Conflict, "The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", p.ID)
		}
		f.Permissions = append(f.Permissions, &p)
		text, err := json.Marshal(statementOf(scope, name, &p))
		if err != nil {
			return err
		}
		statement = string(text)
		if policy, _, err := policyOf(scope, f, p.Qualifier); err != nil || len(policy) > maxPolicy {
			return apigw.Errorf(apigw.BadRequest, "The final policy size (%d) is bigger than the limit (%d).", len(policy), maxPolicy)
		}
		return nil
	})
	return statement, err
}

func checkQualifier(scope apigw.Scope, f *apigw.Function, qualifier string) error {
	if f.FindVersion(qualifier) == nil {
		return apigw.Errorf(apigw.NotFound, "Function not found: %s", FunctionARN(scope, f.Name, qualifier))
	}
	return nil
}

// permission is the place of a statement, -1 without.
func permission(f *apigw.Function, qualifier, id string) int {
	return slices.IndexFunc(f.Permissions, func(p *apigw.FunctionPermission) bool { return p.Qualifier == qualifier && p.ID == id })
}

// RemovePermission removes a statement.
func (s *Functions) RemovePermission(ctx context.Context, scope apigw.Scope, name, qualifier, id, revision string) error {
	_, err := s.UpdateFunction(ctx, scope, name, nil, "", func(f *apigw.Function) error {
		i := permission(f, qualifier, id)
		if i < 0 {
			return apigw.Errorf(apigw.NotFound, "Statement %s is not found in resource policy.", id)
		}
		if err := checkRevision(revision, policyRevision(f, qualifier)); err != nil {
			return err
		}
		f.Permissions = slices.Delete(f.Permissions, i, i+1)
		return nil
	})
	return err
}

// Policy is the policy of a function, version or alias as AWS shows it, with
// its revision.
func (s *Functions) Policy(ctx context.Context, scope apigw.Scope, name, qualifier string) (policy, revision string, err error) {
	f, err := s.Function(ctx, scope, name)
	if err == nil {
		err = checkQualifier(scope, f, qualifier)
	}
	if err != nil {
		return "", "", err
	}
	return policyOf(scope, f, qualifier)
}

func policyOf(scope apigw.Scope, f *apigw.Function, qualifier string) (policy, revision string, err error) {
	doc := struct {
		Version   string
		ID        string            `json:"Id"`
		Statement []policyStatement `json:"Statement"`
	}{Version: "2012-10-17", ID: "default"}
	for _, p := range f.Permissions {
		if p.Qualifier == qualifier {
			doc.Statement = append(doc.Statement, statementOf(scope, f.Name, p))
		}
	}
	if len(doc.Statement) == 0 {
		return "", "", apigw.Errorf(apigw.NotFound, "The resource you requested does not exist.")
	}
	text, err := json.Marshal(doc)
	return string(text), policyRevision(f, qualifier), err
}

// policyRevision is that of the version or alias that the policy is of.
func policyRevision(f *apigw.Function, qualifier string) string {
	if a := f.Alias(qualifier); a != nil {
		return a.Revision
	}
	if v := f.FindVersion(qualifier); v != nil {
		return v.Revision
	}
	return ""
}

type policyStatement struct {
	Sid       string
	Effect    string
	Principal any
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

func statementOf(scope apigw.Scope, name string, p *apigw.FunctionPermission) policyStatement {
	s := policyStatement{Sid: p.ID, Effect: "Allow", Principal: p.Principal, Action: p.Action, Resource: FunctionARN(scope, name, p.Qualifier)}
	switch {
	case len(p.Principal) == 12 && strings.Trim(p.Principal, "0123456789") == "":
		s.Principal = map[string]string{"AWS": "arn:" + scope.Partition + ":iam::" + p.Principal + ":root"}
	case strings.HasPrefix(p.Principal, "arn:"):
		s.Principal = map[string]string{"AWS": p.Principal}
	case p.Principal != "*":
		s.Principal = map[string]string{"Service": p.Principal}
	}
	if p.SourceARN != "" || p.SourceAccount != "" {
		s.Condition = map[string]map[string]string{}
	}
	if p.SourceAccount != "" {
		s.Condition["StringEquals"] = map[string]string{"AWS:SourceAccount": p.SourceAccount}
	}
	if p.SourceARN != "" {
		s.Condition["ArnLike"] = map[string]string{"AWS:SourceArn": p.SourceARN}
	}
	return s
}

// invocation is an action of no meaning: SourceArn is compared like the ARN of
// a statement's resource.
const invocation = "execute-api:Invoke"

func sourcePolicy(arn string) (*iam.Policy, error) {
	if arn == "" {
		arn = "*"
	}
	return iam.Parse(map[string]any{"Statement": map[string]any{"Effect": "Allow", "Action": invocation, "Resource": arn}}, iam.Identity)
}

// Permits compiles the policy of a function, version or alias into the
// question whether API Gateway may invoke it for the method that source, an
// ARN, names, or a load balancer as a target of the group that it names.
func Permits(f *apigw.Function, qualifier string) func(source string) bool {
	type rule struct {
		principal, account string
		policy             *iam.Policy
	}
	var rules []rule
	for _, p := range f.Permissions {
		if p.Qualifier != qualifier || p.Principal != apiGateway && p.Principal != loadBalancing && p.Principal != "*" || !invokes(p.Action) {
			continue
		}
		if policy, err := sourcePolicy(p.SourceARN); err == nil {
			rules = append(rules, rule{p.Principal, p.SourceAccount, policy})
		}
	}
	return func(source string) bool {
		parts := strings.SplitN(source, ":", 6)
		caller := apiGateway
		if len(parts) > 2 && parts[2] == "elasticloadbalancing" {
			caller = loadBalancing
		}
		return slices.ContainsFunc(rules, func(r rule) bool {
			return (r.principal == caller || r.principal == "*") && (r.account == "" || len(parts) == 6 && parts[4] == r.account) &&
				iam.Evaluate([]*iam.Policy{r.policy}, &iam.Request{Action: invocation, Resource: source}).Effect == iam.Allow
		})
	}
}

func invokes(action string) bool {
	return action == "*" || action == "lambda:*" || strings.EqualFold(action, "lambda:InvokeFunction")
}
