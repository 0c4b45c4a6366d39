package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Claims keeps rows in the database by which replicas agree on who does a job for a slot of time.
type Claims interface {
	// ClaimJob reports whether owner may do the job for the slot: nobody has finished it, and nobody else holds a claim that
	// is younger than ttl. A claim of owner itself is renewed.
	ClaimJob(ctx context.Context, name, slot, owner string, ttl time.Duration) (bool, error)
	// FinishJob notes that the slot is done.
	FinishJob(ctx context.Context, name, slot, owner, result string) error
	// Now is the time by the database's clock: those of the replicas may differ.
	Now(ctx context.Context) (time.Time, error)
}

const (
	claimTTL   = 2 * time.Minute  // a claimer that is silent for so long is replaced
	claimRenew = 30 * time.Second // how often a running job says that it lives
	dailyCheck = time.Minute      // how often it is looked whether a slot is open

	slotFormat = "2006-01-02T15"
)

// errClaimLost says that another replica took over, because this one could not renew its claim.
var errClaimLost = errors.New("another replica has taken over the job")

// Daily makes a job that is done once a day at hour (UTC, 0-23) by one of the replicas. A slot that no replica did while it was
// due is made up for at the next start. Owner is the id of this replica.
func Daily(name string, hour int, claims Claims, owner string, run func(context.Context) (string, error)) Job {
	d := &daily{name: name, hour: hour, claims: claims, owner: owner, run: run, now: time.Now}
	return Job{Name: name, Schedule: Every(dailyCheck), Run: d.check}
}

type daily struct {
	name   string
	hour   int
	claims Claims
	owner  string
	run    func(context.Context) (string, error)
	now    func() time.Time

	done   string // the last slot this replica did
	result string
}

// check does the job if its slot is open and this replica gets it.
func (d *daily) check(ctx context.Context) (string, error) {
	if lastSlot(d.now(), d.hour) == d.done {
		return d.result, nil // by this clock; the database's is asked only when something seems due
	}
	now, err := d.claims.Now(ctx)
	if err != nil {
		return "", fmt.Errorf("read the clock of the database: %w", err)
	}
	slot := lastSlot(now, d.hour)
	if slot == d.done {
		return d.result, nil
	}
	mine, err := d.claims.ClaimJob(ctx, d.name, slot, d.owner, claimTTL)
	if err != nil {
		return "", fmt.Errorf("claim %s: %w", slot, err)
	}
	if !mine {
		return d.result, nil
	}
	result, err := d.hold(ctx, slot)
	if err != nil {
		return "", err
	}
	if err := d.claims.FinishJob(ctx, d.name, slot, d.owner, result); err != nil {
		return "", fmt.Errorf("finish %s: %w", slot, err)
	}
	d.done, d.result = slot, slot+": "+result
	return d.result, nil
}

// hold runs the job and renews the claim meanwhile. The run ends when the claim is lost.
func (d *daily) hold(ctx context.Context, slot string) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		for sleep(ctx, claimRenew) {
			mine, err := d.claims.ClaimJob(ctx, d.name, slot, d.owner, claimTTL)
			if err == nil && !mine {
				cancel(errClaimLost)
			}
		}
	}()
	defer func() { cancel(nil); <-renewing }()
	result, err := d.run(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errClaimLost) {
		return "", errClaimLost
	}
	return result, err
}

// lastSlot names the latest time at or before now at which the clock in UTC showed hour.
func lastSlot(now time.Time, hour int) string {
	now = now.UTC()
	due := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, time.UTC)
	if due.After(now) {
		due = due.AddDate(0, 0, -1)
	}
	return due.Format(slotFormat)
}
