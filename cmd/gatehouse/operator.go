package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// operatorPath is where a running gatehouse takes the commands of its
// operator: who can read its master key, which is what owning its data means.
// They are signed with a secret derived from that key, so that neither a web
// page nor another process on this machine can give one; and they are taken
// from this machine alone, since an answer may hold a secret.
const operatorPath = "/_gatehouse/identity"

// operatorService is what the signature of a command is for.
const operatorService = "gatehouse"

// maxCommand bounds a command, in bytes.
const maxCommand = 1 << 20

// operatorCommand is what the command sends: a change, or none to list.
type operatorCommand struct {
	Edit *apigw.IdentityEdit `json:"edit,omitempty"`
}

// operatorAnswer is what it gets.
type operatorAnswer struct {
	Message    string                `json:"message,omitempty"` // why it was refused
	Edited     *apigw.IdentityEdited `json:"edited,omitempty"`
	Stored     *apigw.IdentitySet    `json:"stored,omitempty"`
	Configured *apigw.IdentitySet    `json:"configured,omitempty"`
}

// isLocal says that a request comes from this machine.
func isLocal(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return true // a unix socket
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// operator serves the commands of the operator.
func (p *program) operator() http.Handler {
	verifier := &sigv4.Verifier{Service: operatorService, Now: time.Now}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := p.command(verifier, w, r)
		status := http.StatusOK
		if err != nil {
			status = operatorStatus(err)
			answer = &operatorAnswer{Message: operatorMessage(err)}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	})
}

var errNotOperator = &sigv4.Error{Kind: sigv4.UnrecognizedClient, Message: "only who has the master key may do this, from this machine"}

// command verifies a command and runs it.
func (p *program) command(verifier *sigv4.Verifier, w http.ResponseWriter, r *http.Request) (*operatorAnswer, error) {
	if r.Method != http.MethodPost || !isLocal(r) {
		return nil, errNotOperator
	}
	in := sigv4.FromHTTP(r, [32]byte{})
	if _, err := verifier.Claim(in); err != nil {
		return nil, errNotOperator
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCommand))
	if err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "the command is longer than %d bytes, or ends too early", maxCommand)
	}
	in.PayloadHash = sha256.Sum256(body)
	if _, err := verifier.Verify(in, p.operatorSecret); err != nil {
		p.log.Warn("a command was refused: it isn't signed with the master key", "source", r.RemoteAddr)
		return nil, errNotOperator
	}
	var c operatorCommand
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "the command can't be read: %v", err)
	}
	answer, err := p.identities(r.Context(), &c)
	if c.Edit != nil {
		p.recordEdit(r, c.Edit, answer, err)
	}
	return answer, err
}

// recordEdit adds a change of identities to the records of management calls. An
// edit holds no secret; the answer's is left out.
func (p *program) recordEdit(r *http.Request, e *apigw.IdentityEdit, answer *operatorAnswer, failed error) {
	title := func(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }
	entry := &awsapi.TrailRecord{
		EventVersion: "1.08", UserIdentity: awsapi.TrailIdentity{Type: "Operator"}, EventTime: time.Now().UTC().Format(time.RFC3339),
		EventSource: operatorService, EventName: title(e.Verb) + title(e.What), AWSRegion: p.config.Region, SourceIPAddress: "127.0.0.1", UserAgent: r.UserAgent(),
		ResponseElements: json.RawMessage("null"), EventID: rand.Text(), EventType: "GatehouseCommand", ManagementEvent: true,
		RecipientAccountID: cmp.Or(e.Account, p.config.Account), EventCategory: "Management",
	}
	entry.RequestParameters, _ = json.Marshal(e) // texts and numbers: it can't fail
	if failed != nil {
		entry.ErrorCode, entry.ErrorMessage = "Refused", operatorMessage(failed)
	} else if answer.Edited.Key != "" {
		entry.ResponseElements, _ = json.Marshal(map[string]string{"accessKeyId": answer.Edited.Key})
	}
	p.parts.trail.add(entry)
}

// operatorSecret is what a master key's holder signs with, by the key's ID.
func (p *program) operatorSecret(keyID, token string) (string, bool, error) {
	key, err := p.sealer()
	if err != nil || token != "" {
		return "", false, err
	}
	for _, proof := range key.Proofs() {
		if proof.KeyID == keyID {
			return proof.Secret, true, nil
		}
	}
	return "", false, nil
}

// identities runs a command of the operator on the store.
func (p *program) identities(ctx context.Context, c *operatorCommand) (*operatorAnswer, error) {
	pl := p.plane.Load()
	if pl == nil || pl.identities == nil {
		return nil, apigw.Errorf(apigw.Unavailable, "the store can't be opened")
	}
	if c.Edit == nil {
		stored, err := pl.identities.List(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range stored.Users {
			for i := range u.Keys {
				u.Keys[i].Sealed = nil
			}
		}
		return &operatorAnswer{Stored: stored, Configured: configured(p.config)}, nil
	}
	edited, err := pl.identities.Edit(ctx, *c.Edit)
	if err != nil {
		return nil, err
	}
	p.log.Info("identities changed", "verb", c.Edit.Verb, "what", c.Edit.What, "name", c.Edit.Name, "account", c.Edit.Account, "key", edited.Key)
	return &operatorAnswer{Edited: edited}, nil
}

func operatorStatus(err error) int {
	if _, ok := errors.AsType[*sigv4.Error](err); ok {
		return http.StatusForbidden
	}
	switch apigw.KindOf(err) {
	case apigw.Internal:
		return http.StatusInternalServerError
	case apigw.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

func operatorMessage(err error) string {
	if e, ok := errors.AsType[*apigw.Error](err); ok {
		return strings.TrimSpace(e.Message)
	}
	return err.Error()
}
