package responsecache

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"

	"github.com/gatehouse/gatehouse/internal/valkey"
)

// InValkey is the Shared that keeps answers on a Valkey server. The server says
// itself when it is away; what it refuses (it is full, the user may not) is
// logged once, until it has taken everything for a while: one that is full may
// take small answers between large ones.
func InValkey(server *valkey.Server, log *slog.Logger) Shared {
	return &inValkey{server: server, log: log}
}

type inValkey struct {
	server *valkey.Server
	log    *slog.Logger
	told   atomic.Bool  // that it refuses
	last   atomic.Int64 // when it did, ns of the Unix clock
}

// calm is for how long a server that refused something has to refuse nothing
// before that is told.
const calm = time.Minute

// Away implements Shared.
func (v *inValkey) Away() bool { return !v.server.Up() }

// Get implements Shared.
func (v *inValkey) Get(key string) ([]byte, error) {
	r, err := v.server.Do(context.Background(), func(b valkeygo.Builder) valkeygo.Completed { return b.Get().Key(key).Build() })
	if err != nil {
		return nil, err
	}
	value, err := r.AsBytes()
	if valkeygo.IsValkeyNil(err) {
		return nil, nil
	}
	if err != nil {
		v.refuses(err)
	}
	return value, err
}

// Set implements Shared.
func (v *inValkey) Set(key string, value []byte, lasts time.Duration) error {
	r, err := v.server.Do(context.Background(), func(b valkeygo.Builder) valkeygo.Completed {
		return b.Set().Key(key).Value(valkeygo.BinaryString(value)).Px(lasts).Build()
	})
	if err != nil {
		return err
	}
	if err = r.Error(); err != nil {
		v.refuses(err)
	} else if v.told.Load() && time.Since(time.Unix(0, v.last.Load())) > calm && v.told.CompareAndSwap(true, false) {
		v.log.Info("the Valkey server keeps answers again")
	}
	return err
}

func (v *inValkey) refuses(err error) {
	v.last.Store(time.Now().UnixNano())
	if v.told.CompareAndSwap(false, true) {
		v.log.Warn("the Valkey server doesn't keep or give answers; requests go to the backends", "cause", err)
	}
}
