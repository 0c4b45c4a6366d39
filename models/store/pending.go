package store

import (
	"context"
	"time"

	"squirrel/models"
)

var errPending = models.Errorf(models.CodeInternal, "not available yet")

func (s *Store) WriteLogs(ctx context.Context, writes []models.LogWrite) error { return errPending }
func (s *Store) CloseInterrupted(ctx context.Context, instance string, before time.Time) (int, error) {
	return 0, errPending
}
func (s *Store) Heartbeat(ctx context.Context, instance string) error { return errPending }
func (s *Store) CloseOrphans(ctx context.Context, deadFor time.Duration) (int, error) {
	return 0, errPending
}
func (s *Store) Instances(ctx context.Context) ([]Instance, error) { return nil, errPending }
func (s *Store) ListLogs(ctx context.Context, page models.LogPage) (models.LogList, error) {
	return models.LogList{}, errPending
}
func (s *Store) LogView(ctx context.Context, id string) (models.LogView, error) {
	return models.LogView{}, errPending
}
func (s *Store) EachLog(ctx context.Context, f models.LogFilter, fn func(models.RequestLog) error) error {
	return errPending
}
func (s *Store) Stats(ctx context.Context, q models.StatsQuery) (models.Stats, error) {
	return models.Stats{}, errPending
}
func (s *Store) LogCount(ctx context.Context, f models.LogFilter) (int64, error) {
	return 0, errPending
}
func (s *Store) DeleteLogsBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	return 0, errPending
}
func (s *Store) DeleteLogDetailsBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	return 0, errPending
}
func (s *Store) SpendSince(ctx context.Context, keyID int64, since time.Time) (models.NanoUSD, error) {
	return 0, errPending
}
func (s *Store) FixCosts(ctx context.Context, fixes []CostFix) (int, error) { return 0, errPending }
func (s *Store) ClaimJob(ctx context.Context, name, slot, owner string, ttl time.Duration) (bool, error) {
	return false, errPending
}
func (s *Store) FinishJob(ctx context.Context, name, slot, owner, result string) error {
	return errPending
}
func (s *Store) Jobs(ctx context.Context) ([]Job, error)                     { return nil, errPending }
func (s *Store) Size(ctx context.Context) (SizeReport, error)                { return SizeReport{}, errPending }
func (s *Store) PriceOverrides(ctx context.Context) ([]PriceOverride, error) { return nil, errPending }
func (s *Store) SavePriceOverride(ctx context.Context, o *PriceOverride, expectVersion *int64) error {
	return errPending
}
func (s *Store) DeletePriceOverride(ctx context.Context, targetModel string) error { return errPending }
func (s *Store) AddPriceVersion(ctx context.Context, v *PriceVersion) error        { return errPending }
func (s *Store) LatestPriceVersion(ctx context.Context) (PriceVersion, error) {
	return PriceVersion{}, errPending
}
func (s *Store) RoutingSamples(ctx context.Context) ([]RoutingSample, error)   { return nil, errPending }
func (s *Store) SaveRoutingSample(ctx context.Context, r *RoutingSample) error { return errPending }
func (s *Store) DeleteRoutingSample(ctx context.Context, id int64) error       { return errPending }
