// Package admin holds the use-cases of the control plane. The JSON API and the HTML pages are two doors to it: both fill
// the same request structs, get the same views and show the same field errors.
package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"squirrel/models"
	"squirrel/models/store"
)

// Options are what the use-cases need from outside. The interfaces may be nil: what needs them is then not offered.
type Options struct {
	Store *store.Store
	// CheckHost returns an error when policy forbids to call a host. A *net.DNSError doesn't: the name is judged again when
	// it is called.
	CheckHost func(ctx context.Context, host string) error
	// Health tells the condition of a route.
	Health func(routeID int64) Health

	Prober    Prober
	Simulator Simulator
	Tester    Tester
	Replayer  Replayer
	Canceller Canceller
	Player    Player
	System    System
	// Keep tells what the log keeps of a body, and whether it leaves out a part of it because it is too long.
	Keep func(body []byte) (kept []byte, cut bool)

	Instance      string // id of this gateway among those that share the database
	KeyPrefix     string // of generated API keys
	KeyLength     int    // random characters after the prefix
	RetentionDays int    // what a cleanup keeps when it isn't told
	Zone          *time.Location
	Logger        *slog.Logger
	Now           func() time.Time // nil = time.Now
}

// Service is the control plane. It is safe for concurrent use.
type Service struct {
	opts   Options
	store  *store.Store
	probes *pace

	repricer *repricer
}

// New makes the control plane.
func New(opts Options) *Service {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	return &Service{opts: opts, store: opts.Store, probes: newPace(opts.Now), repricer: &repricer{eachLog: opts.Store.EachLog}}
}

// Now is the clock of the control plane, in UTC.
func (s *Service) Now() time.Time { return s.opts.Now().UTC() }

// Zone is the reporting time zone.
func (s *Service) Zone() *time.Location { return s.opts.Zone }

// Health is the condition of a route.
type Health struct {
	State       string     `json:"state"` // healthy, degraded, cooling, open
	Samples     int        `json:"samples"`
	FailureRate float64    `json:"failure_rate"` // 0-1
	Until       *time.Time `json:"until"`
}

// Canceller stops running requests.
type Canceller interface {
	// Cancel reports whether the request was running in this process.
	Cancel(ctx context.Context, id string) (bool, error)
}

// Replayer sends a recorded request again; the answer is a new log record.
type Replayer interface {
	// Replay returns the id of the new record. It goes only over a route when there is one, else as routed.
	Replay(ctx context.Context, id string, routeID *int64) (string, error)
}

// List is one page of objects.
type List[T any] struct {
	Items    []T `json:"items"`
	Total    int `json:"total"`
	Page     int `json:"page"`
	PageSize int `json:"page_size"`
}

// PageQuery asks for a page of a list.
type PageQuery struct {
	Page, PageSize int
	Text           string // q: part of a name, in any case
	Active         *bool  // is_active
}

const maxPageSize = 1000

// ParsePageQuery reads page, page_size, q and is_active of a URL.
func ParsePageQuery(v url.Values) (PageQuery, error) {
	c := check{}
	q := PageQuery{Text: v.Get("q")}
	q.Page, q.PageSize = c.page(v, maxPageSize)
	parseInto(c, v, "is_active", &q.Active, strconv.ParseBool, "must be true or false")
	return q, c.err()
}

func (q PageQuery) active(is bool) bool { return q.Active == nil || *q.Active == is }

// paginate cuts the page out of all items.
func paginate[T any](all []T, q PageQuery) List[T] {
	if q.Page < 1 || q.PageSize < 1 {
		q.Page, q.PageSize = 1, maxPageSize
	}
	from := min((q.Page-1)*q.PageSize, len(all))
	to := min(from+q.PageSize, len(all))
	items := all[from:to]
	if items == nil {
		items = []T{}
	}
	return List[T]{Items: items, Total: len(all), Page: q.Page, PageSize: q.PageSize}
}

// asError finds the error that is meant for the user.
func asError(err error) (*models.Error, bool) { return errors.AsType[*models.Error](err) }
