package awsapi

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
)

// TrailRecord is a management call in the shape of a CloudTrail record
// (CloudTrail user guide, "CloudTrail record contents"; API Gateway developer
// guide, "Log calls to Amazon API Gateway APIs").
type TrailRecord struct {
	EventVersion       string          `json:"eventVersion"`
	UserIdentity       TrailIdentity   `json:"userIdentity"`
	EventTime          string          `json:"eventTime"` // to the second, UTC
	EventSource        string          `json:"eventSource"`
	EventName          string          `json:"eventName"`
	AWSRegion          string          `json:"awsRegion"`
	SourceIPAddress    string          `json:"sourceIPAddress"`
	UserAgent          string          `json:"userAgent"`
	ErrorCode          string          `json:"errorCode,omitempty"`
	ErrorMessage       string          `json:"errorMessage,omitempty"`
	RequestParameters  json.RawMessage `json:"requestParameters"`
	ResponseElements   json.RawMessage `json:"responseElements"`
	RequestID          string          `json:"requestID"`
	EventID            string          `json:"eventID"`
	ReadOnly           bool            `json:"readOnly"`
	EventType          string          `json:"eventType"`
	ManagementEvent    bool            `json:"managementEvent"`
	RecipientAccountID string          `json:"recipientAccountId"`
	EventCategory      string          `json:"eventCategory"`
	TLSDetails         *TrailTLS       `json:"tlsDetails,omitempty"`
}

// TrailIdentity is who made a call.
type TrailIdentity struct {
	Type           string        `json:"type"` // IAMUser, AssumedRole, Root, Unknown
	PrincipalID    string        `json:"principalId,omitempty"`
	ARN            string        `json:"arn,omitempty"`
	AccountID      string        `json:"accountId,omitempty"`
	AccessKeyID    string        `json:"accessKeyId,omitempty"`
	UserName       string        `json:"userName,omitempty"`
	SessionContext *TrailSession `json:"sessionContext,omitempty"`
}

// TrailSession is the role that was assumed.
type TrailSession struct {
	SessionIssuer struct {
		Type      string `json:"type"` // Role
		ARN       string `json:"arn"`
		AccountID string `json:"accountId"`
		UserName  string `json:"userName"`
	} `json:"sessionIssuer"`
}

// TrailTLS is how the client was connected.
type TrailTLS struct {
	TLSVersion               string `json:"tlsVersion"`
	CipherSuite              string `json:"cipherSuite"`
	ClientProvidedHostHeader string `json:"clientProvidedHostHeader"`
}

// hidden stands for what isn't told.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// maxTrailPart bounds the parameters and the elements of a record, in bytes:
// CloudTrail has no more either.
const maxTrailPart = 100 << 10

// notTrailed are the operations that CloudTrail has no record of, or, of
// functions' invocations and of discovery, only when data events are asked for.
var notTrailed = map[string]bool{
	"DiscoverInstances": true, "DiscoverInstancesRevision": true, "TestInvokeMethod": true, "TestInvokeAuthorizer": true, "Invoke": true, "InvokeWithResponseStream": true,
}

// Trail is the record of a call; false: CloudTrail has none of such a call.
func (r *AuditRecord) Trail() (*TrailRecord, bool) {
	if notTrailed[r.Operation] {
		return nil, false
	}
	t := &TrailRecord{
		EventVersion: "1.08", UserIdentity: r.identity(), EventTime: r.Time.UTC().Format(time.RFC3339), EventSource: r.source(),
		EventName: r.Operation, AWSRegion: r.Scope.Region, SourceIPAddress: r.Source, UserAgent: r.UserAgent,
		ErrorCode: r.ErrorCode, ErrorMessage: r.ErrorMessage, RequestParameters: r.parameters(), ResponseElements: r.elements(),
		RequestID: r.RequestID, EventID: newUUID(), ReadOnly: r.ReadOnly, EventType: "AwsApiCall", ManagementEvent: true,
		RecipientAccountID: r.Scope.Account, EventCategory: "Management",
	}
	if r.tls != nil {
		t.TLSDetails = &TrailTLS{strings.ReplaceAll(tls.VersionName(r.tls.Version), "TLS ", "TLSv"), tls.CipherSuiteName(r.tls.CipherSuite), r.host}
	}
	return t, true
}

// source is the service that a record names: both versions of the management
// API are one (developer guide, "Log calls to Amazon API Gateway APIs").
func (r *AuditRecord) source() string {
	return strings.TrimSuffix(r.Service, "v2") + ".amazonaws.com"
}

// identity reads who called from the caller's ARN.
func (r *AuditRecord) identity() TrailIdentity {
	c := &r.Caller
	id := TrailIdentity{PrincipalID: c.UserID, ARN: string(c.ARN), AccountID: c.Account, AccessKeyID: c.AccessKeyID, UserName: c.UserName}
	_, name, _ := strings.Cut(string(c.ARN), "::"+c.Account+":")
	switch kind, rest, _ := strings.Cut(name, "/"); kind {
	case "user":
		id.Type = "IAMUser"
	case "assumed-role":
		id.Type, id.UserName = "AssumedRole", ""
		role, _, _ := strings.Cut(rest, "/")
		s := &TrailSession{}
		s.SessionIssuer.Type, s.SessionIssuer.AccountID, s.SessionIssuer.UserName = "Role", c.Account, role
		s.SessionIssuer.ARN = strings.Replace(strings.TrimSuffix(string(c.ARN), name), ":sts:", ":iam:", 1) + "role/" + role
		id.SessionContext = s
	case "root":
		id.Type, id.PrincipalID = "Root", c.Account
	default:
		return TrailIdentity{Type: "Unknown"}
	}
	return id
}

// parameters are what the call was made with; null when it was refused before
// that was read.
func (r *AuditRecord) parameters() json.RawMessage {
	if r.in.Header == nil {
		return json.RawMessage("null")
	}
	all := map[string]any{}
	for _, p := range r.in.Read {
		all[p.Name] = p.Value
	}
	for _, p := range r.in.Query {
		if _, ok := all[p.Name]; !ok {
			all[p.Name] = p.Value
		}
	}
	body := bytes.TrimSpace(r.in.Body)
	form, isForm := formOf(r)
	switch {
	case len(body) == 0:
	case isForm:
		for name, values := range form {
			all[name] = values[0]
		}
	case r.document || len(body) > maxTrailPart:
		all["body"] = hidden
	default:
		if members, ok := decodeJSON(body).(map[string]any); !ok {
			all["body"] = hidden
		} else if r.Service == apigateway.Service {
			all[lowerFirst(r.Operation)+"Input"] = members
		} else {
			for name, v := range members {
				all[name] = v
			}
		}
	}
	if r.Service == apigateway.Service {
		all["template"] = false // of HAL: the links of an answer are no templates
	}
	return r.told(all)
}

// formOf is the body of a call in the query protocol.
func formOf(r *AuditRecord) (url.Values, bool) {
	if !strings.HasPrefix(r.in.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil, false
	}
	form, err := url.ParseQuery(string(r.in.Body))
	delete(form, "Action")
	delete(form, "Version")
	return form, err == nil
}

// elements are what a change made; null for a call that reads, or failed.
func (r *AuditRecord) elements() json.RawMessage {
	if len(r.answer) == 0 {
		return json.RawMessage("null")
	}
	return r.told(decodeJSON(r.answer))
}

// told is v without secrets, and without more than a record may have.
func (r *AuditRecord) told(v any) json.RawMessage {
	raw, err := json.Marshal(r.withoutSecrets(v))
	if err != nil || len(raw) > maxTrailPart {
		raw, _ = json.Marshal(map[string]any{"omitted": true, "originalSize": len(raw), "reason": "larger than a record may be"})
	}
	return raw
}

// decodeJSON is nil for what is no JSON.
func decodeJSON(raw []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// secretMembers are the members that are never told, in lower case.
var secretMembers = map[string]bool{
	"zipfile": true, "environment": true, "password": true, "temporarypassword": true, "previouspassword": true, "proposedpassword": true,
	"secrethash": true, "clientsecret": true, "accesstoken": true, "idtoken": true, "refreshtoken": true, "token": true, "session": true,
	"authparameters": true, "challengeresponses": true, "challengeparameters": true, "confirmationcode": true, "userattributes": true,
	"attributes": true, "validationdata": true, "clientmetadata": true, "secretaccesskey": true, "sessiontoken": true, "webidentitytoken": true,
	"tokencode": true, "payload": true, "privatekey": true, "certificateprivatekey": true, "passphrase": true,
}

// isSecret says whether a member isn't told. The value of an API key is one;
// any other value isn't.
func (r *AuditRecord) isSecret(member string) bool {
	member = strings.ToLower(member[strings.LastIndexByte(member, '.')+1:]) // of a form: Actions.member.1.Order
	if member == "attributes" && (r.Service == elbv2.Service || r.Service == servicediscovery.Service) {
		return false // settings, not those of a user
	}
	if member == "body" && r.Service == apigatewayv2.Service {
		return true // a document, as long as it may be
	}
	return secretMembers[member] || member == "value" && (strings.Contains(r.Operation, "ApiKey") || strings.Contains(r.Operation, "UsagePlanKey"))
}

func (r *AuditRecord) withoutSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if r.isSecret(name) && member != nil {
				v[name] = hidden
			} else {
				v[name] = r.withoutSecrets(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = r.withoutSecrets(v[i])
		}
	}
	return v
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
