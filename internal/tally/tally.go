// Package tally asks a Valkey server that all nodes share whether a request is
// within its limits: its key's throttle, its key's quota and its method's
// throttle, in one round trip. It must not know plans, nor what a request is.
//
// While the server can't be asked, each node decides by what it knows: see
// docs/cluster.md for what that lets in.
package tally

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"

	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/valkey"
)

// Ledger asks a server. A nil Ledger is one that can't be asked. Safe for
// concurrent use.
type Ledger struct {
	server *valkey.Server
	log    *slog.Logger
	asked  atomic.Int64
	alone  atomic.Int64
	told   atomic.Int64 // Unix time at which a refusal of the server's own was logged
}

//go:embed admit.lua
var script string

// scriptSHA names the script for the server.
var scriptSHA = func() string {
	sum := sha1.Sum([]byte(script))
	return hex.EncodeToString(sum[:])
}()

// New returns a Ledger on a server; nil: none.
func New(server *valkey.Server, log *slog.Logger) *Ledger {
	if server == nil {
		return nil
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Ledger{server: server, log: log}
}

// Up says whether the server can be asked.
func (l *Ledger) Up() bool { return l != nil && l.server.Up() }

// Asked is how many requests the server was asked for, and Alone how many of
// those were decided here, because it gave no answer in time, since the start.
func (l *Ledger) Asked() int64 { return l.asked.Load() }
func (l *Ledger) Alone() int64 { return l.alone.Load() }

// Gate is a bucket that all nodes share.
type Gate struct {
	local           *throttle.Bucket
	key             string
	interval, depth string       // microseconds
	shut            atomic.Int64 // until then, nobody gets a token
}

// Gate is that of the bucket which name and limit say on every node; local is
// this node's own of the same limit. Nil on a nil Ledger, and for a limit that
// lets nobody in, or everybody.
func (l *Ledger) Gate(name string, limit throttle.Limit, local *throttle.Bucket) *Gate {
	interval, depth := limit.Span()
	if l == nil || depth == 0 || math.IsInf(limit.Rate, 1) {
		return nil
	}
	exact := float64(interval) / 1000 // microseconds
	if limit.Rate > 0 && float64(time.Second)/limit.Rate < float64(interval)+1 {
		exact = 1e6 / limit.Rate // not cut to nanoseconds
	}
	text := name + "/" + number(limit.Rate) + "/" + strconv.Itoa(limit.Burst)
	return &Gate{local: local, key: Key("t", text), interval: number(exact), depth: number(exact * float64(limit.Burst))}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Key is the server's key for what name says on every node.
func Key(kind, name string) string {
	sum := sha256.Sum256([]byte(name))
	return "gatehouse:" + kind + ":" + base64.RawURLEncoding.EncodeToString(sum[:15])
}

// Open says that it isn't known, at time now of the throttles' clock, that nobody
// gets a token. True on a nil Gate.
func (g *Gate) Open(now int64) bool { return g == nil || g.shut.Load() <= now }

// Ask is what a request asks for. Nil gates and an empty Quota are no limits.
type Ask struct {
	Now    int64 // nanoseconds of the throttles' clock
	Plan   *Gate
	Quota  Quota
	Method *Gate
}

// Quota is how many requests a key may have in a period.
type Quota struct {
	Key   string // of Key
	Known int64  // requests that it had for certain
	Most  int64  // that it may have
	Until int64  // Unix time when the period is long over
}

// Empty says that there is nothing to ask.
func (a *Ask) Empty() bool { return a.Plan == nil && a.Method == nil && a.Quota.Key == "" }

// Verdict is what all nodes' limits say of a request.
type Verdict uint8

// The verdicts, in the order in which limits are looked at: what one refuses,
// those after it don't count.
const (
	Admitted Verdict = iota
	PlanThrottled
	OverQuota
	MethodThrottled
)

// Admit asks. Not ok: the server gave no answer in time, and whoever calls it
// decides.
func (l *Ledger) Admit(a *Ask) (v Verdict, ok bool) {
	l.asked.Add(1)
	answer, ok := l.ask(a)
	if !ok {
		l.alone.Add(1)
		return Admitted, false
	}
	v = Verdict(answer[0])
	a.Plan.heard(a.Now, answer[1], v != PlanThrottled)
	a.Method.heard(a.Now, answer[2], v == Admitted)
	return v, true
}

// heard keeps in mind when there will be a token, and keeps this node's own
// bucket as if it had been asked, for when the server is away.
func (g *Gate) heard(now, wait int64, taken bool) {
	if g == nil {
		return
	}
	if taken {
		g.local.Spend(now)
	}
	if wait > 0 {
		g.shut.Store(now + wait*int64(time.Microsecond))
	}
}

func (l *Ledger) ask(a *Ask) (answer [3]int64, ok bool) {
	result, err := l.server.Do(context.Background(), func(b valkeygo.Builder) valkeygo.Completed {
		return a.command(b, "EVALSHA", scriptSHA)
	})
	if err != nil {
		return answer, false
	}
	if missing(result.Error()) { // the server has begun anew
		result, err = l.server.Do(context.Background(), func(b valkeygo.Builder) valkeygo.Completed {
			return a.command(b, "EVAL", script)
		})
		if err != nil {
			return answer, false
		}
	}
	list, err := result.AsIntSlice()
	if err != nil || len(list) != 3 || list[0] < 0 || list[0] > int64(MethodThrottled) {
		l.odd(err)
		return answer, false
	}
	return [3]int64(list), true
}

func missing(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT")
}

// odd tells, at most once a minute, that the server answers with an error.
func (l *Ledger) odd(err error) {
	now := time.Now().Unix()
	if told := l.told.Load(); now-told >= 60 && l.told.CompareAndSwap(told, now) {
		l.log.Error("the Valkey server can't be used for throttles and quotas; each node decides by what it knows", "error", err)
	}
}

func (a *Ask) command(b valkeygo.Builder, command, of string) valkeygo.Completed {
	plan, planInterval, planDepth := a.Plan.arguments()
	method, methodInterval, methodDepth := a.Method.arguments()
	q := &a.Quota
	if q.Key == "" {
		q = &Quota{Key: none}
	}
	return b.Arbitrary(command, of, "3").Keys(plan, q.Key, method).Args(
		planInterval, planDepth,
		strconv.FormatInt(q.Known, 10), strconv.FormatInt(q.Most, 10), strconv.FormatInt(q.Until, 10),
		methodInterval, methodDepth).Build()
}

// none is the key of what isn't asked for.
const none = "gatehouse:-"

func (g *Gate) arguments() (key, interval, depth string) {
	if g == nil {
		return none, "0", "0"
	}
	return g.key, g.interval, g.depth
}
