package awsapi

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

// jsonType is the type of the bodies of the AWS JSON protocol.
const jsonType = "application/x-amz-json-1.1"

// maxUnsigned bounds the body of a call that nobody signed, in bytes.
const maxUnsigned = 256 << 10

// poolTable is the operations of user pools by name.
func poolTable(ops *UserPoolOperations) map[string]*wire.Operation {
	m := map[string]*wire.Operation{}
	for _, op := range ops.Table() {
		m[op.Name] = &op
	}
	return m
}

// Clients is the handler for listeners that serve the clients of user pools,
// from other machines and in browsers, and nobody else: the operations that
// AWS's clients call without a signature, token endpoints, public keys, and
// whether the process is healthy.
func (s *Server) Clients() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		probed := r.URL.Path == "/_gatehouse/health" || r.URL.Path == "/_gatehouse/ready"
		if probed && s.serveOwn(w, r, false) || s.servePoolWeb(w, r, true) {
			return
		}
		x := s.newRequest(w, r, false)
		x.clients = true
		s.answer(x)
	})
}

// isUnsigned says that the request is a call that clients make without a
// signature, on a listener where they may.
func (x *request) isUnsigned() bool {
	if !x.loopback && !x.clients || x.http.Method != http.MethodPost || x.http.URL.Path != "/" {
		return false
	}
	prefix, name, _ := strings.Cut(x.http.Header.Get("X-Amz-Target"), ".")
	if prefix != cognitoidp.Target || !cognitoidp.Unsigned(name) {
		return false
	}
	return x.clients || x.http.Header.Get("Authorization") == "" && !strings.Contains(x.http.URL.RawQuery, "X-Amz-")
}

// guardUnsigned is the guard of such a call. It carries no credentials that a
// browser would add by itself, so pages of every origin may make it, as on
// AWS; a name that was rebound to our address is refused all the same.
func (x *request) guardUnsigned() error {
	if x.loopback && !x.ourHost(x.http.Host) {
		return foreignHost()
	}
	if x.http.Header.Get("Origin") != "" {
		h := x.w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,Date")
	}
	return nil
}

// preflight answers a browser that asks whether a page may make an unsigned
// call; false: this isn't one. A page that would send Authorization, with
// which the other operations are called, gets no leave.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request, loopback bool) bool {
	if r.Method != http.MethodOptions || r.URL.Path != "/" || r.Header.Get("Access-Control-Request-Method") != http.MethodPost {
		return false
	}
	asked := strings.ToLower(strings.ReplaceAll(strings.Join(r.Header.Values("Access-Control-Request-Headers"), ","), " ", ""))
	target := false
	for name := range strings.SplitSeq(asked, ",") {
		if name == "authorization" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
		target = target || name == "x-amz-target"
	}
	if !target || len(asked) > 1024 || loopback && !s.ourHost(r.Host) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", http.MethodPost)
	h.Set("Access-Control-Allow-Headers", asked)
	h.Set("Access-Control-Max-Age", "172800")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return true
}

// servePoolWeb answers what user pools serve beside their API: keys, discovery
// and token endpoints, all of them public by themselves.
func (s *Server) servePoolWeb(w http.ResponseWriter, r *http.Request, clients bool) bool {
	if s.UserPoolWeb == nil || !poolWebPath.MatchString(r.URL.Path) {
		return false
	}
	if !clients && !s.ourHost(r.Host) && !poolDomain.MatchString(r.Host) {
		return false
	}
	s.UserPoolWeb.ServeHTTP(w, r)
	return true
}

// poolDomain is the host of a pool's token endpoint on AWS, which nobody but AWS
// can point elsewhere.
var poolDomain = regexp.MustCompile(`^[a-z0-9-]+\.auth\.[a-z0-9-]+\.amazoncognito\.com(:[0-9]+)?$`)

var poolWebPath = regexp.MustCompile(`^(/[\w-]{1,45}_[0-9a-zA-Z]{1,9})?/(\.well-known/[a-z.-]+|oauth2/[A-Za-z]+)$`)

// resolvePool finds the operation of user pools that X-Amz-Target names.
func (x *request) resolvePool(name string) error {
	c := x.call
	c.Service, c.Operation, x.op = cognitoidp.Service, name, x.pools[name]
	x.out.Header = http.Header{"Content-Type": {jsonType}}
	c.Action, c.Resource = "cognito-idp:"+name, "*"
	if id := poolInBody(x.body); id != "" && name != "CreateUserPool" {
		c.Resource = apigw.ARN("arn:" + c.Scope.Partition + ":cognito-idp:" + c.Scope.Region + ":" + c.Scope.Account + ":userpool/" + id)
	}
	return nil
}

// poolID is the form of a user pool's ID.
var poolID = regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`)

// poolInBody is the user pool that a call names; empty: none. A member in
// another spelling would be found here, too: the operation refuses it.
func poolInBody(body []byte) string {
	var in struct{ UserPoolId string }
	if err := json.Unmarshal(body, &in); err != nil || !poolID.MatchString(in.UserPoolId) {
		return ""
	}
	return in.UserPoolId
}

// poolStatusOf is how the API of user pools answers an error of a kind.
func poolStatusOf(k apigw.Kind) (status int, code string) {
	switch k {
	case apigw.BadRequest, apigw.Validation:
		return http.StatusBadRequest, "InvalidParameterException"
	case apigw.NotFound:
		return http.StatusBadRequest, "ResourceNotFoundException"
	case apigw.LimitExceeded:
		return http.StatusBadRequest, "LimitExceededException"
	case apigw.Throttled:
		return http.StatusBadRequest, "TooManyRequestsException"
	}
	return statusOf(k)
}
