package store

import (
	"cmp"
	"context"
	"errors"
	"expvar"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/config"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3rpc"
	"go.etcd.io/etcd/server/v3/features"
	"go.etcd.io/etcd/server/v3/proxy/grpcproxy/adapter"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
)

const (
	memberName = "gatehouse"
	quotaBytes = 8 << 30

	// How long Close waits for a server that works, or one that died and may
	// never stop.
	stopTimeout     = 30 * time.Second
	deadStopTimeout = 500 * time.Millisecond
)

// EmbeddedConfig is for one member in this process.
type EmbeddedConfig struct {
	Dir    string // data folder; locked against a second process
	Logger *slog.Logger

	quota    int64 // bytes, 0: quotaBytes; tests make it small
	keepFree int64 // bytes, 0: keepFree, negative: fill the disk
}

// member is the etcd server in this process. It listens nowhere: its only
// client is this process, and a cluster of one has no peers.
type member struct {
	server    *etcdserver.EtcdServer
	watches   etcdserverpb.WatchClient
	lock      *os.File
	dir       string
	keepFree  int64
	filesOpen atomic.Bool // etcd has the folder's files open
}

// OpenEmbedded starts the embedded member on cfg.Dir, which it creates.
// ErrLocked, ErrNewer, or ErrDead (damaged data, full disk) with the cause.
func OpenEmbedded(ctx context.Context, cfg EmbeddedConfig) (*Store, error) {
	s, err := openFolder(ctx, cfg, false)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	s.background(s.maintain)
	return s, nil
}

func openFolder(ctx context.Context, cfg EmbeddedConfig, restoring bool) (*Store, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if _, err := checkFolder(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s := newStore(cfg.Logger, true)
	s.member = &member{lock: lock, dir: dir, keepFree: cmp.Or(cfg.keepFree, keepFree)}
	if err := s.openLocked(ctx, cfg.quota, restoring); err != nil {
		s.cancel()
		s.member.abandon(s.Err() != nil)
		return nil, err
	}
	return s, nil
}

func (s *Store) openLocked(ctx context.Context, quota int64, restoring bool) error {
	fresh, err := checkFolder(s.member.dir) // again: now nobody else changes it
	if err != nil {
		return err
	}
	if fresh {
		if err := writeFolderFormat(s.member.dir, restoring); err != nil {
			return deadBecause(err)
		}
	}
	return s.startMember(ctx, cmp.Or(quota, quotaBytes))
}

// startMember runs etcd's bootstrap on a goroutine that its fatal hook may end.
func (s *Store) startMember(ctx context.Context, quota int64) error {
	useSmallLogFiles()
	done := make(chan error, 1)
	go func() { done <- s.bootstrap(serverConfig(s.member.dir, quota, newEtcdLogger(s.log, s.die))) }()
	defer context.AfterFunc(ctx, s.cancel)()
	_, err, died := s.health.state()
	if err != nil {
		return err
	}
	select {
	case err = <-done:
	case <-died:
		return s.Err()
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return deadBecause(err)
	}
	return s.Err()
}

func (s *Store) bootstrap(cfg config.ServerConfig) (err error) {
	debug.SetPanicOnFault(true)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: reading it: %v", ErrDamaged, p)
		}
	}()
	applied, err := inspectDatabase(cfg.BackendPath())
	if err != nil {
		return err
	}
	s.member.filesOpen.Store(true)
	server, err := etcdserver.NewServer(cfg)
	if err != nil {
		s.member.filesOpen.Store(false)
		return err
	}
	server.Start()
	s.member.server = server
	if err := s.awaitReady(server, applied); err != nil {
		return err
	}
	s.client = v3client.New(server)
	s.member.watches = adapter.WatchServerToWatchClient(v3rpc.NewWatchServer(server))
	_, err = agreeFormat(s.ctx, s.client, s.member.dir)
	return err
}

// awaitReady also finds a log that lost its end: etcd would number new entries
// as ones the database has already, and silently ignore them. A member that
// leads has committed an entry past the end of its log within milliseconds.
func (s *Store) awaitReady(server *etcdserver.EtcdServer, applied uint64) error {
	look, elect := time.NewTicker(100*time.Millisecond), time.NewTicker(time.Millisecond)
	defer look.Stop()
	defer elect.Stop()
	for leading := 0; ; {
		select {
		case <-server.ReadyNotify():
			return nil
		case <-server.StopNotify():
			return errors.New("the embedded etcd stopped while it started")
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-elect.C:
			if server.Lead() != 0 {
				elect.Stop()
			} else if err := electAlone(s.ctx, server); err != nil {
				return err
			}
		case <-look.C:
			if server.Lead() == uint64(server.MemberID()) {
				leading++
			}
			if at := server.CommittedIndex(); leading > 20 && at <= applied {
				return fmt.Errorf("%w: the log lost its end: it goes on at entry %d, but the database has entry %d", ErrDamaged, at, applied)
			}
		}
	}
}

// electAlone has a member that has no others stand for election at once, by the
// message that a leader hands over with: it has nobody to hear of before.
func electAlone(ctx context.Context, server *etcdserver.EtcdServer) error {
	if !logApplied(server) {
		return nil
	}
	self := uint64(server.MemberID())
	return server.Process(ctx, &raftpb.Message{Type: raftpb.MsgTimeoutNow.Enum(), From: &self, To: &self})
}

// logApplied says whether the member's raft is done with what its log had. One
// that stands for election before looks for changes of members in what is left,
// and panics where the server has thrown that away. Nothing but the variable that
// etcd publishes tells of it; it is the latest member's of this process.
func logApplied(server *etcdserver.EtcdServer) bool {
	status, _ := expvar.Get("raft.status").(expvar.Func)
	if status == nil {
		return false
	}
	s, ok := status.Value().(raft.Status)
	return ok && s.ID == uint64(server.MemberID()) && s.Applied == s.HardState.GetCommit()
}

// useSmallLogFiles: etcd reserves two log files of 64 MB from the start, more
// than a small installation ever fills. The size is a variable of etcd's, so
// it is set once.
var useSmallLogFiles = sync.OnceFunc(func() { wal.SegmentSizeBytes = 8 << 20 })

func serverConfig(dir string, quota int64, log *zap.Logger) config.ServerConfig {
	self, _ := types.NewURLs([]string{"http://127.0.0.1:1"}) // a name, never dialled; can't fail
	return config.ServerConfig{
		Name:                        memberName,
		DataDir:                     filepath.Join(dir, etcdFolder),
		PeerURLs:                    self,
		InitialPeerURLsMap:          types.URLsMap{memberName: self},
		InitialClusterToken:         memberName,
		NewCluster:                  true,
		TickMs:                      250, // each tick wakes the process, and electAlone waits for none
		ElectionTicks:               2,   // leases last a second or longer
		InitialElectionTickAdvance:  true,
		SnapshotCount:               500, // entries replayed at start, at most
		SnapshotCatchUpEntries:      10,  // kept in memory for peers that don't exist
		MaxSnapFiles:                2,
		MaxWALFiles:                 1,
		BackendFreelistType:         bolt.FreelistMapType,
		QuotaBackendBytes:           quota,
		MaxTxnOps:                   128,
		MaxRequestBytes:             1536 << 10,
		WarningApplyDuration:        time.Second,
		WarningUnaryRequestDuration: time.Second,
		AuthToken:                   "simple",
		TokenTTL:                    300,
		PreVote:                     true,
		StrictReconfigCheck:         true,
		Logger:                      log,
		WatchProgressNotifyInterval: time.Minute,
		MaxLearners:                 1,
		ServerFeatureGate:           features.NewDefaultServerFeatureGate(memberName, log),
		Metrics:                     "basic",
	}
}

// stop ends the server. One whose goroutines died may never stop: the folder
// then stays locked until the process ends, so that nobody opens it while a
// leftover goroutine could still write.
func (m *member) stop(timeout time.Duration) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		m.server.HardStop()
	}()
	select {
	case <-stopped:
		return m.lock.Close()
	case <-time.After(timeout):
		m.keepLocked()
		return fmt.Errorf("%s stays locked until this process ends: the dead store doesn't stop", m.dir)
	}
}

// abandon frees the folder after a failed start, unless etcd died with its
// files open.
func (m *member) abandon(died bool) {
	switch {
	case !m.filesOpen.Load():
		m.lock.Close()
	case died || m.server == nil:
		m.keepLocked()
	default:
		_ = m.stop(stopTimeout)
	}
}

// keepLocked holds on to the lock file for the rest of the process: a file
// nobody refers to is closed by the garbage collector.
func (m *member) keepLocked() {
	go func() {
		<-make(chan struct{})
		runtime.KeepAlive(m.lock)
	}()
}
