package gateway

import (
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// Explained says of which requests the decisions are kept.
type Explained uint8

// The choices.
const (
	ExplainNone  Explained = iota
	ExplainAsked           // those from this machine that carry x-gatehouse-explain: 1
	ExplainAll
)

// explainField asks for the decisions, and in the answer tells them.
const explainField = "x-gatehouse-explain"

// explain turns the decision list of x on when it is wanted.
func (g *Gateway) explain(x *exchange.Exchange) {
	if g.cfg.Explain == ExplainAll || asksWhy(x) {
		x.Explain()
	}
}

// asksWhy says whether a client on this machine asks for the decisions. One
// that a proxy speaks for isn't on this machine.
func asksWhy(x *exchange.Exchange) bool {
	return x.Client.IP.IsLoopback() &&
		string(x.Header.Get(explainField)) == "1" &&
		x.Header.IndexKnown(http1.NameXForwardedFor, 0) < 0 && x.Header.IndexKnown(http1.NameForwarded, 0) < 0
}

// decideAddress tells which API and stage a request is for, and what of it
// said so.
func decideAddress(x *exchange.Exchange, by form) {
	why := map[form]string{
		hostForm: "the Host names the API", headerForm: "x-apigw-api-id names the API",
		pathForms: "the path names the API", peerForms: "the path names the API",
	}[by]
	x.Decide("address", x.Address.APIID+"/"+x.Address.Stage, why)
}
