package reqlog

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"squirrel/models"
)

var (
	// ErrRejected says that the spool has no room for a new request: answer 503 log_store_unavailable.
	ErrRejected = errors.New("the log store takes no new requests")

	// ErrClosed says that the spool was closed.
	ErrClosed = errors.New("the log spool is closed")
)

// SpoolConfig says where and how to spool. Only Dir is needed.
type SpoolConfig struct {
	Dir           string        // root of the spools of all instances; DATA_DIR/spool
	Instance      string        // "" = the one persisted in Dir, or a new one when another process has that
	MaxBytes      int64         // 0 = 2 GiB or a fifth of the free disk, whichever is less
	SegmentBytes  int64         // 0 = 64 MiB or a sixteenth of MaxBytes, whichever is less
	FsyncInterval time.Duration // 0 = 50 ms; negative = sync before each acknowledgement
	MinFreeBytes  int64         // free disk below which no bodies are kept; 0 = 512 MiB or a tenth of the disk; negative = never
	BallastBytes  int64         // released when the disk is full; 0 = 64 MiB or a twentieth of the free disk; negative = none
	ReserveBytes  int64         // kept for the ends of running requests; 0 = 8 MiB; negative = none
	FileSystem    FileSystem    // nil = the operating system's
	Logger        *slog.Logger  // nil = slog.Default()
	Now           func() time.Time
}

// Spool takes log records and keeps them in segment files until the Shipper has brought them to the database.
// It is safe for concurrent use.
type Spool struct {
	cfg      SpoolConfig
	root     string
	home     *home
	log      *throttledLog
	enc      *encoder
	dec      *decoder
	dead     deadLetters
	pressure pressure
	counters counters
	started  time.Time
	first    string // name of the first segment of this life; older ones are from earlier lives

	mu      sync.Mutex // guards queue, leading, closed
	queue   []*entry
	leading bool
	closed  bool

	writer  writer
	entries sync.Pool // of *entry, used ones

	dirty chan struct{} // something waits to be synced
	fresh chan struct{} // something waits to be shipped
	stop  chan struct{}
	done  sync.WaitGroup

	writers sync.WaitGroup // calls that were let in before the spool was sealed
}

// counters are the running totals of a spool.
type counters struct {
	records, bytes, rejected, lean, meta, chunks        atomic.Uint64
	writeErrors, shortWrites, syncErrors, lost, ballast atomic.Uint64
}

// SpoolStats is what pages, metrics and readiness tell about the spool. Counts are since the start.
type SpoolStats struct {
	Instance       string
	State          State
	Reason         string    // why the state is not ok
	Since          time.Time // when the state was entered
	Bytes          int64     // in segments that are not deleted yet
	MaxBytes       int64
	FreeBytes      int64 // on the disk, as last seen
	Records        uint64
	WrittenBytes   uint64
	Rejected       uint64 // new requests refused
	LeanRecords    uint64 // records whose bodies were cut
	MetaRecords    uint64 // records whose bodies were dropped
	ChunksDropped  uint64 // checkpoints of streams not taken
	WriteErrors    uint64
	ShortWrites    uint64
	SyncErrors     uint64
	LostRecords    uint64 // attempts and ends of begun requests that could not be written at all
	BallastFreed   uint64 // how often the ballast was given up
	BallastPresent bool
}

// OpenSpool takes the spool of an instance. Segments of its earlier life are left to the Shipper.
func OpenSpool(cfg SpoolConfig) (*Spool, error) {
	cfg.setDefaults()
	h, err := openHome(cfg.Dir, cfg.Instance)
	if err != nil {
		return nil, err
	}
	s, err := newSpool(cfg, h)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	s.done.Add(2)
	go s.syncLoop()
	go s.watchLoop()
	return s, nil
}

func newSpool(cfg SpoolConfig, h *home) (*Spool, error) {
	enc, err := newEncoder(cfg.Now)
	if err != nil {
		return nil, err
	}
	dec, err := newDecoder()
	if err != nil {
		return nil, err
	}
	old, size, err := listSegments(h.dir)
	if err != nil {
		return nil, fmt.Errorf("list spool: %w", err)
	}
	cfg.fitDisk(h.dir, size)
	s := &Spool{
		cfg: cfg, root: cfg.Dir, home: h, enc: enc, dec: dec, started: cfg.Now(),
		log:   newThrottledLog(cfg.Logger.With("instance", h.id), cfg.Now),
		dirty: make(chan struct{}, 1), fresh: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	s.pressure.load = load{max: cfg.MaxBytes, minFree: max(cfg.MinFreeBytes, 0), free: cfg.MaxBytes}
	s.pressure.since = s.started
	s.pressure.changed = s.stateChanged
	s.writer.spool = s
	s.writer.used.Store(size)
	if len(old) > 0 {
		s.writer.name = old[len(old)-1]
	}
	s.writer.ballast.init(cfg.FileSystem, h.dir, ballastFile, cfg.BallastBytes)
	s.writer.reserve.init(cfg.FileSystem, h.dir, reserveFile, cfg.ReserveBytes)
	s.dead.open(h.dir, enc)
	if err := s.writer.roll(); err != nil {
		return nil, fmt.Errorf("start the first segment: %w", err)
	}
	s.first = s.writer.name
	s.look()
	return s, nil
}

// Begin records that a request is about to be sent upstream. When it returns nil, the record survives the death of this
// process. It returns ErrRejected when there is no room. Detail holds the request's part.
func (s *Spool) Begin(w models.LogWrite) error {
	w.Kind = models.WriteBegin
	if s.State() == StateReject {
		return s.reject(nil)
	}
	if err := s.put(w); err != nil {
		return s.reject(err)
	}
	return nil
}

func (s *Spool) reject(err error) error {
	if errors.Is(err, ErrClosed) {
		return err
	}
	s.counters.rejected.Add(1)
	s.log.warn("spool_reject", "a request was refused because its log can't be kept", "error", err)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return ErrRejected
}

// Attempt records tries (w.Attempts) at candidates while the request goes on.
func (s *Spool) Attempt(w models.LogWrite) error {
	w.Kind = models.WriteAttempt
	return s.follow(w)
}

// Chunk records how far a stream has come (Detail.ResponseBody so far). When space is short, it does nothing.
func (s *Spool) Chunk(w models.LogWrite) error {
	w.Kind = models.WriteChunk
	if s.State() >= StateMeta {
		s.counters.chunks.Add(1)
		return nil
	}
	return s.follow(w)
}

// End records how a request ended. It is taken in every state, without bodies where there is no room for them; an error
// means that not even that was possible, and has been counted and logged. When the detail's request part is nil, the one
// of Begin stands.
func (s *Spool) End(w models.LogWrite) error {
	w.Kind = models.WriteEnd
	return s.follow(w)
}

// follow puts a record of a request that has begun.
func (s *Spool) follow(w models.LogWrite) error {
	err := s.put(w)
	if err != nil {
		s.counters.lost.Add(1)
		s.log.error("spool_lost", "a log record of a running request could not be written", "log", w.Log.ID, "error", err)
	}
	return err
}

func (s *Spool) put(w models.LogWrite) error {
	if w.Log.Instance == "" {
		w.Log.Instance = s.home.id
	}
	state := s.State()
	switch {
	case state == StateLean:
		s.counters.lean.Add(1)
	case state > StateLean:
		s.counters.meta.Add(1)
	}
	kept := shed(w, state)
	rec, err := s.enc.encode(&kept, s.backlogged())
	if err != nil {
		return err
	}
	e := s.newEntry(&w, rec)
	defer s.free(e)
	return s.commit(e)
}

// backlogged reports whether records pile up. Only then are they compressed: what is shipped and deleted a moment later is
// cheaper to write as it is, and the database compresses it anyway.
func (s *Spool) backlogged() bool { return s.writer.used.Load() > s.cfg.MaxBytes/8 }

// State tells how much the spool takes at the moment.
func (s *Spool) State() State { return s.pressure.current() }

// Instance returns the id of this process, which stays the same over restarts.
func (s *Spool) Instance() string { return s.home.id }

// Stats returns the spool's counters.
func (s *Spool) Stats() SpoolStats {
	reason, since := s.pressure.why()
	c := &s.counters
	return SpoolStats{
		Instance: s.home.id, State: s.State(), Reason: reason, Since: since,
		Bytes: s.writer.used.Load(), MaxBytes: s.cfg.MaxBytes, FreeBytes: s.freeBytes(),
		Records: c.records.Load(), WrittenBytes: c.bytes.Load(), Rejected: c.rejected.Load(),
		LeanRecords: c.lean.Load(), MetaRecords: c.meta.Load(), ChunksDropped: c.chunks.Load(),
		WriteErrors: c.writeErrors.Load(), ShortWrites: c.shortWrites.Load(), SyncErrors: c.syncErrors.Load(),
		LostRecords: c.lost.Load(), BallastFreed: c.ballast.Load(), BallastPresent: s.writer.ballast.present.Load(),
	}
}

func (s *Spool) freeBytes() int64 {
	s.pressure.mu.Lock()
	defer s.pressure.mu.Unlock()
	return s.pressure.load.free
}

// Close stops the spool (see Seal) and gives up the ownership of the instance. Call it when the Shipper has stopped.
func (s *Spool) Close() error { return errors.Join(s.Seal(), s.home.close()) }

// Seal syncs what was accepted and takes no more. What is not shipped stays for the Shipper or the next start.
func (s *Spool) Seal() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.mu.Unlock()
	if already {
		return nil
	}
	close(s.stop)
	s.done.Wait()
	s.writers.Wait()
	return s.writer.close()
}
