package restapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/responsecache"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// cacheRule is how the answer to r is cached; nil: it isn't.
func (r *request) cacheRule() *cacheRule {
	if rules := r.route.cache; rules != nil && r.search.Verb < serving.AnyVerb {
		if rule := rules[r.search.Verb]; rule != nil {
			return rule
		}
	}
	if r.stage.cache != nil && r.x.Explaining() {
		r.x.Decide("cache", "off", "the stage's settings don't enable it for the method and verb")
	}
	return nil
}

// serveCached answers r from the stage's cache, or calls the backend and keeps
// what it answers. An answer is kept as the response mapping made it and
// before compression, which is each client's own.
func (r *request) serveCached(rule *cacheRule) *exchange.Fault {
	anew, f := r.wantsAnew(rule)
	if f != nil {
		return f
	}
	key, f := r.cacheKey(rule)
	if f != nil {
		return f
	}
	r.x.Outcome.Cache = exchange.CacheMiss
	found := responsecache.Nothing
	if !anew {
		found = r.answerKept(rule, key)
	}
	switch found {
	case responsecache.Nothing:
		f = r.callOnce(rule, key, anew)
	case responsecache.Passing:
		f = r.callAlone("a moment ago, the answer to the same request couldn't be kept")
	}
	if f != nil {
		return f
	}
	return r.compressBody()
}

// answerKept answers r with what is kept for key, if anything is.
func (r *request) answerKept(rule *cacheRule, key responsecache.Key) responsecache.Found {
	e, scratch, found := r.stage.cache.Look(key, r.start, rule.ttl, rule.sealed, r.payload)
	r.payload = scratch
	if found != responsecache.Kept {
		return found
	}
	if r.x.Explaining() {
		r.x.Decide("cache", "hit", fmt.Sprintf("kept %.1f s ago, for %g s", max(r.start.Sub(e.Made).Seconds(), 0), rule.ttl.Seconds()))
	}
	r.answerEntry(e)
	return found
}

// callAlone calls the backend for r, and keeps nothing.
func (r *request) callAlone(why string) *exchange.Fault {
	if r.x.Explaining() {
		r.x.Decide("cache", "miss", why)
	}
	return r.route.backend.serve(r)
}

// answerEntry makes an entry the answer. A large body isn't copied: nothing
// writes to it, and release lets go of it.
func (r *request) answerEntry(e responsecache.Entry) {
	r.x.Outcome.Cache = exchange.CacheHit
	resp := &r.x.Response
	h := open(r.x, e.Status)
	if len(e.Body) > keepMemory && r.stage.compress < 0 {
		resp.Body = e.Body[:len(e.Body):len(e.Body)]
	} else {
		resp.Body = append(resp.Body[:0], e.Body...)
	}
	for {
		name, value, ok := e.Next()
		if !ok {
			break
		}
		h.AddBytes(name, value)
	}
	if r.exec != nil && r.exec.info {
		r.exec.say("Answered from the response cache")
	}
}

// callOnce calls the backend, or waits for the answer to another request for
// the same. One that fails is not everyone's failure: the next of those who
// wait calls in its place, more of them when that fails too, and none waits
// longer than its integration may take.
func (r *request) callOnce(rule *cacheRule, key responsecache.Key, anew bool) *exchange.Fault {
	began := time.Now()
	for failed := 0; ; {
		flight, leads := r.stage.cache.Join(key, anew)
		if leads {
			if !anew && r.answerKept(rule, key) == responsecache.Kept { // another was just done
				r.stage.cache.Land(key, flight, responsecache.Landing{})
				return nil
			}
			return r.lead(rule, key, flight)
		}
		e, came := r.waitFor(flight, began.Add(rule.wait))
		if r.waited = time.Since(began); came == responsecache.Retry && r.waited >= rule.wait {
			came = responsecache.TooLate
		}
		switch came {
		case responsecache.Landed:
			if r.x.Explaining() {
				r.x.Decide("cache", "hit", fmt.Sprintf("waited %.2f ms for the answer to another request for the same", float64(r.waited.Microseconds())/1000))
			}
			r.answerEntry(e)
			return nil
		case responsecache.Alone:
			return r.callAlone("the answer to another request for the same couldn't be kept")
		case responsecache.Retry:
			if failed++; flight.MayCall(failed) {
				return r.callAlone("the calls of others for the same failed")
			}
		case responsecache.TooLate:
			return integration.TimedOut(errLongWait)
		}
	}
}

var errLongWait = errors.New("the answer to another request for the same, which was to be this one's, didn't come in time")

func (r *request) waitFor(flight *responsecache.Flight, until time.Time) (responsecache.Entry, responsecache.Waited) {
	ctx, cancel := context.WithDeadline(r.x.Context(), until)
	defer cancel()
	return flight.Wait(ctx)
}

// lead calls the backend for all who ask for the same.
func (r *request) lead(rule *cacheRule, key responsecache.Key, flight *responsecache.Flight) *exchange.Fault {
	landing := responsecache.Landing{TTL: rule.ttl, Sealed: rule.sealed}
	landed := false
	defer func() {
		if !landed {
			r.stage.cache.Land(key, flight, responsecache.Landing{})
		}
	}()
	if f := r.route.backend.serve(r); f != nil {
		if r.x.Explaining() {
			r.x.Decide("cache", "miss", "and a fault isn't kept")
		}
		return f
	}
	resp := &r.x.Response
	if resp.Stream == nil {
		landing.Answer = responsecache.Encode(r.stage.env.Time(), resp.Status, &resp.Header, isRequestName, resp.Body)
	}
	landing.Passes = landing.Answer == nil
	landed = true
	kept := r.stage.cache.Land(key, flight, landing)
	if r.x.Explaining() {
		r.decideKept(rule, landing.Passes, kept)
	}
	return nil
}

func (r *request) decideKept(rule *cacheRule, large, kept bool) {
	switch {
	case large:
		r.x.Decide("cache", "miss", fmt.Sprintf("the answer isn't kept: it has more than %d bytes", responsecache.MaxEntry))
	case kept:
		r.x.Decide("cache", "miss", fmt.Sprintf("the answer is kept for %g s", rule.ttl.Seconds()))
	default:
		r.x.Decide("cache", "miss", "the answer isn't kept: a newer one was asked for, or the shared store didn't take it")
	}
}

// cacheKey makes the key of r. A method's parameter counts with all its values,
// and a header in any case: what reaches the backend and isn't told apart here
// would be anyone's way to give others an answer that isn't theirs.
func (r *request) cacheKey(rule *cacheRule) (responsecache.Key, *exchange.Fault) {
	if rule.body {
		if f := r.mapClientBody(rule.convert); f != nil {
			return responsecache.Key{}, f
		}
	}
	b := append(r.scratch[:0], rule.key...)
	if c := r.identity.caller; r.route.asCaller && c != nil {
		// What was made with one caller's credentials is no other's. 1 is the
		// length of no part.
		b = appendKeyPart(binary.BigEndian.AppendUint32(b, 1), []byte(c.AccessKeyID), true)
	}
	for i := range rule.params {
		switch p := &rule.params[i]; p.place {
		case keyPath:
			v, ok := r.input.Params.Get(p.name)
			b = appendKeyPart(b, v, ok)
		case keyQuery:
			for n := range r.query.Len() {
				if name, v := r.query.At(n); string(name) == p.name {
					b = appendKeyPart(b, v, true)
				}
			}
		case keyHeader:
			h := r.x.Header
			for n := h.Index(p.name, 0); n >= 0; n = h.Index(p.name, n+1) {
				_, v := h.At(n)
				b = appendKeyPart(b, v, true)
			}
		case keyMapped:
			at := len(b)
			b = append(b, 0, 0, 0, 0)
			v, ok := p.mapped.Append(b, &r.input)
			if b = b[:at]; ok {
				b = v
				binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at))
			}
		}
		b = append(b, 0, 0, 0, 0) // the end of the parameter: no part has length 0
	}
	r.scratch = b[:0]
	return responsecache.Sum(b), r.mappingFault()
}

// appendKeyPart appends a value, if there is one, with its length: together at
// least 4, so that nothing reads like the end of a parameter.
func appendKeyPart(b, v []byte, ok bool) []byte {
	if !ok {
		return b
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(v)+4))
	return append(b, v...)
}

// cacheControlIgnored is the Warning of an answer to a client whose
// Cache-Control was ignored.
const cacheControlIgnored = "199 Cache-control headers were ignored because the caller was unauthorized"

var fieldCacheControl = "Cache-Control"

// wantsAnew says whether the client asks for an answer of the backend's in
// place of the kept one, and may (developer guide, "Invalidate an API Gateway
// cache entry").
func (r *request) wantsAnew(rule *cacheRule) (bool, *exchange.Fault) {
	if !r.asksAnew() {
		return false, nil
	}
	may, why := !rule.guarded, ""
	if !may {
		may, why = r.mayInvalidate()
	}
	if may {
		if r.x.Explaining() {
			r.x.Decide("cache", "invalidated", "the client sent Cache-Control: max-age=0")
		}
		return true, nil
	}
	if r.x.Explaining() {
		r.x.Decide("cache", "max-age=0 ignored", "the caller isn't allowed execute-api:InvalidateCache")
	}
	switch rule.unallowed {
	case refuseControl:
		return false, r.mayNotInvalidate(why)
	case ignoreWarned:
		r.warned = true
	}
	return false, nil
}

// asksAnew says whether a Cache-Control of the client's has max-age=0.
func (r *request) asksAnew() bool {
	h := r.x.Header
	for i := h.Index(fieldCacheControl, 0); i >= 0; i = h.Index(fieldCacheControl, i+1) {
		_, v := h.At(i)
		for directive := range bytes.SplitSeq(v, []byte{','}) {
			name, value, _ := bytes.Cut(directive, equals)
			if equalFold(bytes.TrimSpace(name), "max-age") && string(bytes.Trim(bytes.TrimSpace(value), `"`)) == "0" {
				return true
			}
		}
	}
	return false
}

const (
	invalidateAction = "execute-api:InvalidateCache"
	invalidateLower  = "execute-api:invalidatecache" // as policies compare it
)

// mayInvalidate asks the policies of who signed the request, its session's and
// the API's. Nobody else has a permission that could say so, and nobody of
// another account (developer guide, the same page). why ends the text of a
// denial.
func (r *request) mayInvalidate() (may bool, why string) {
	v := identity.Verdict{By: "identity-based policy"}
	if c := r.identity.caller; c != nil && c.Account == r.stage.scope.Account {
		ask := r.ask
		ask.Action = invalidateLower
		v = c.Decide(&ask, r.stage.policy, r.stage.scope.Account)
	}
	return v.Effect == iam.Allow, v.Why(invalidateAction)
}

// mayNotInvalidate is the 403 of FAIL_WITH_403, in the words of other denials:
// AWS's own aren't known.
func (r *request) mayNotInvalidate(why string) *exchange.Fault {
	ask := &iam.Request{Resource: r.methodARN()}
	if c := r.identity.caller; c != nil {
		ask.Principal = c.Principal()
	}
	return r.denied(iam.Decision{}, "User: "+who(ask)+" is not authorized to perform: "+invalidateAction+" on resource: "+masked(ask.Resource)+why)
}
