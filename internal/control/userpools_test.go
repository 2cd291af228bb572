package control

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

// TestPoolRecords: what one node stores, another is told of; conditions hold;
// and secrets open with a new master key once they are sealed anew.
func TestPoolRecords(t *testing.T) {
	old, fresh := make([]byte, 32), bytes.Repeat([]byte{7}, 32)
	sealer := must[*store.Sealer](t)(store.NewSealer(old))
	sealers := func() (*store.Sealer, error) { return sealer, nil }
	own := must[*store.Store](t)(store.OpenEmbedded(t.Context(), store.EmbeddedConfig{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(func() { own.Close() })
	w := &world{T: t, Control: New(Options{Store: own, Sealer: sealers}), scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}}
	newService := func() (*userpool.Service, *PoolRecords) {
		r := NewPoolRecords(w.Control, sealers)
		return userpool.New(userpool.Options{Records: r, Deliver: func(context.Context, userpool.Message) error { return nil }}), r
	}
	here, records := newService()
	there, followed := newService()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go followed.Follow(ctx, there.Apply)
	<-followed.Loaded()

	settings := userpool.Settings{Password: userpool.DefaultPolicy()}
	p := must[*userpool.Pool](t)(here.CreatePool(ctx, w.scope, "p", settings))
	client, _, err := here.CreateClient(ctx, w.scope, p.ID, userpool.ClientSettings{Name: "c", Flows: []string{"ALLOW_USER_PASSWORD_AUTH"}}, false, "")
	if err != nil {
		t.Fatal(err)
	}
	must[*userpool.User](t)(here.CreateUser(ctx, w.scope, p.ID, userpool.NewUser{Name: "ann", Suppress: true}))
	if err := here.SetPassword(ctx, w.scope, p.ID, "ann", "Correct-Horse-1", true); err != nil {
		t.Fatal(err)
	}
	login := func(s *userpool.Service) error {
		_, err := s.InitiateAuth(ctx, client.ID, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "ann", "PASSWORD": "Correct-Horse-1"})
		return err
	}
	issuer := userpool.Issuer("us-east-1", p.ID)
	wait(t, func() bool { return there.Keys(issuer) != nil && login(there) == nil })

	r := must[userpool.Record](t)(records.Get(ctx, w.scope, userpool.PoolPrefix+string(p.ID)))
	if bytes.Contains(r.Value, []byte("PRIVATE")) || r.Revision == 0 {
		t.Errorf("%s", r.Value)
	}
	_, err = records.Commit(ctx, w.scope, userpool.Change{If: map[string]int64{r.Key: r.Revision - 1}, Writes: map[string][]byte{r.Key: r.Value}})
	if !errors.Is(err, userpool.ErrConflict) {
		t.Errorf("a change of what has changed: %v", err)
	}

	sealer = must[*store.Sealer](t)(store.NewSealer(fresh, old))
	if n := must[int](t)(w.Reseal(ctx)); n < 2 {
		t.Errorf("%d records changed", n)
	}
	sealer = must[*store.Sealer](t)(store.NewSealer(fresh))
	again, records := newService()
	follow, stop := context.WithCancel(ctx)
	defer stop()
	go records.Follow(follow, again.Apply)
	<-records.Loaded()
	if err := login(again); err != nil {
		t.Errorf("with the new master key alone: %v", err)
	}

	if err := here.DeletePool(ctx, w.scope, p.ID); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { return there.Keys(issuer) == nil && login(there) != nil })
	left, _, err := records.List(ctx, w.scope, "userpool", "", 0)
	if err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
}

func wait(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it doesn't happen")
		}
	}
}
