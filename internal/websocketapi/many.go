package websocketapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// maxRecipients is the most connections that one call may list.
const maxRecipients = 10_000

// everyConnection is the ID that policies know a message to many by.
const everyConnection = "*"

// maxMany is the most bytes of a call: a message with every byte escaped, and the
// list.
const maxMany = 6*maxPost + 32*maxRecipients

// maxPrincipal is the most bytes of a principal's ID: an authorizer's answer has
// no more.
const maxPrincipal = 8 << 10

// manyCall is the body of a message to many.
type manyCall struct {
	IDs       []string `json:"connectionIds"`
	Everyone  bool     `json:"everyone"`
	Principal *string  `json:"principalId"`
	Data      *string  `json:"data"`
}

// manyAnswer is the answer to it.
type manyAnswer struct {
	Reached int              `json:"reached"`
	Gone    []connectionText `json:"gone"`
	Full    []connectionText `json:"limitExceeded,omitempty"`
	Unknown []connectionText `json:"unreachable,omitempty"`
	Missed  int              `json:"unreachableNodes,omitempty"`
}

// isMany knows the path of a message to many: "/@connections", which names no
// connection.
func isMany(path []byte) bool {
	path = bytes.TrimPrefix(path, []byte("/"))
	return bytes.EqualFold(path, callbackName) || bytes.EqualFold(path, callbackEscaped)
}

// many sends a message to many connections: those of a list, of an authorizer's
// principal, or all of the stage. AWS has no such call: there a backend calls
// once for each. It is signed as @connections is, and needs
// execute-api:ManageConnections on .../POST/@connections/*.
func (s *Stage) many(x *exchange.Exchange) {
	if x.RequestID[0] == 0 {
		serving.NewIDs(x)
	}
	x.Outcome.Resource = "@connections"
	body, f := serving.ReadBody(x, nil)
	if f != nil || len(body) > maxMany {
		respond(x, 413, "PayloadTooLargeException", `{"message":"Message too long"}`)
		return
	}
	if !s.mayManage(x, body, everyConnection) || !s.admit(x) {
		return
	}
	call, err := parseMany(body)
	if err != nil {
		respond(x, 400, "BadRequestException", string(append(jsonpath.AppendText([]byte(`{"message":`), err.Error()), '}')))
		return
	}
	if len(*call.Data) > maxPost {
		respond(x, 413, "PayloadTooLargeException", `{"message":"Message too long"}`)
		return
	}
	o := order{Do: doMany, API: s.API, Stage: s.Name}
	if call.IDs == nil {
		o.Who = &recipients{Everyone: call.Everyone}
		if call.Principal != nil {
			o.Who.Principal = *call.Principal
		}
	} else if o.IDs, err = listed(call.IDs); err != nil {
		respond(x, 400, "BadRequestException", string(append(jsonpath.AppendText([]byte(`{"message":`), err.Error()), '}')))
		return
	}
	t := s.env.Hub.reachMany(x.Context(), &o, []byte(*call.Data))
	s.sent(t.Reached, len(*call.Data))
	s.answerMany(x, t)
}

func (s *Stage) answerMany(x *exchange.Exchange, t total) {
	a := manyAnswer{Reached: t.Reached, Gone: t.Gone, Full: t.Full, Unknown: t.Unknown, Missed: t.Missed}
	if a.Gone == nil {
		a.Gone = []connectionText{}
	}
	out, err := json.Marshal(&a)
	if err != nil {
		respond(x, 500, "InternalServerErrorException", `{"message":"Internal server error"}`)
		return
	}
	x.Decide("connections", fmt.Sprint(t.Reached)+" reached", fmt.Sprintf("%d gone, %d don't read, %d connections and %d nodes not reached", len(t.Gone), len(t.Full), len(t.Unknown), t.Missed))
	respond(x, 200, "", string(out))
}

// parseMany reads the body of a message to many.
func parseMany(body []byte) (c manyCall, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("the body is no JSON object of data and one of connectionIds, principalId or everyone: %.200s", err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return c, errors.New("something follows the JSON object of the body")
	}
	ways := 0
	for _, given := range []bool{c.IDs != nil, c.Everyone, c.Principal != nil} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		return c, errors.New("name whom the message is for by exactly one of connectionIds, principalId or everyone: true")
	case c.Data == nil:
		return c, errors.New("data, the message, is missing")
	case len(c.IDs) > maxRecipients:
		return c, fmt.Errorf("connectionIds lists %d connections: at most %d may be", len(c.IDs), maxRecipients)
	case c.Principal != nil && (*c.Principal == "" || len(*c.Principal) > maxPrincipal):
		return c, errors.New("principalId is empty or too long")
	}
	return c, nil
}

// listed are the connections of a list, each once.
func listed(texts []string) ([]connectionText, error) {
	list, seen := make([]connectionText, 0, len(texts)), make(map[connectionID]struct{}, len(texts))
	for _, text := range texts {
		id, err := parseConnectionID(text)
		if err != nil {
			return nil, errors.New("Invalid connectionId: " + clip(text))
		}
		if _, twice := seen[id]; !twice {
			seen[id] = struct{}{}
			list = append(list, connectionText(id))
		}
	}
	return list, nil
}
