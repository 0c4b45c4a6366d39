package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"squirrel/models"
)

type priceOverrideRow struct {
	TargetModel string `gorm:"primaryKey"`
	Prices      string
	UpdatedAt   int64 `gorm:"autoUpdateTime:false"`
	Version     int64
}

func (priceOverrideRow) TableName() string { return "price_overrides" }

func (r priceOverrideRow) model() (PriceOverride, error) {
	prices, err := fromText[models.Prices](r.Prices)
	return PriceOverride{TargetModel: r.TargetModel, Prices: prices, UpdatedAt: fromMicros(r.UpdatedAt), Version: r.Version}, err
}

// PriceOverrides returns the prices that replace those of the catalogue, by target model.
func (s *Store) PriceOverrides(ctx context.Context) ([]PriceOverride, error) {
	var rows []priceOverrideRow
	if err := s.read(ctx).Order("target_model").Find(&rows).Error; err != nil {
		return nil, fail("read the prices", err)
	}
	all, err := mapRowsErr(rows, priceOverrideRow.model)
	return all, fail("read the prices", err)
}

// SavePriceOverride stores the prices of o.TargetModel in place of earlier ones, and fills in the time and the version.
func (s *Store) SavePriceOverride(ctx context.Context, o *PriceOverride, expectVersion *int64) error {
	stored := *o
	err := s.change(ctx, "save the prices", func(tx *Store) (changed, error) {
		before, err := tx.priceOverride(ctx, o.TargetModel)
		if err != nil && models.ErrorCode(err) != models.CodeNotFound {
			return changed{}, err
		}
		if err := checkVersion("prices", before.Version, expectVersion); err != nil {
			return changed{}, err
		}
		stored.Version, stored.UpdatedAt = before.Version+1, now()
		text, err := toText(stored.Prices)
		if err != nil {
			return changed{}, err
		}
		row := priceOverrideRow{TargetModel: stored.TargetModel, Prices: text, UpdatedAt: toMicros(stored.UpdatedAt), Version: stored.Version}
		c := changed{object: "price", key: stored.TargetModel, after: stored.Prices}
		if before.Version > 0 {
			c.before = before.Prices
		}
		return c, tx.tx.db.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
	if err == nil {
		*o = stored
	}
	return err
}

// DeletePriceOverride goes back to the catalogue's prices.
func (s *Store) DeletePriceOverride(ctx context.Context, targetModel string) error {
	return s.change(ctx, "delete the prices", func(tx *Store) (changed, error) {
		before, err := tx.priceOverride(ctx, targetModel)
		if err != nil {
			return changed{}, err
		}
		c := changed{object: "price", key: targetModel, before: before.Prices}
		return c, tx.tx.db.WithContext(ctx).Where("target_model = ?", targetModel).Delete(&priceOverrideRow{}).Error
	})
}

func (s *Store) priceOverride(ctx context.Context, targetModel string) (PriceOverride, error) {
	var row priceOverrideRow
	if err := s.one(ctx, &row, "price of", targetModel, "target_model = ?", targetModel); err != nil {
		return PriceOverride{}, err
	}
	return row.model()
}

type priceVersionRow struct {
	ID        int64 `gorm:"primaryKey"`
	At        int64
	Actor     string
	Label     string
	Catalogue []byte
}

func (priceVersionRow) TableName() string { return "price_versions" }

// AddPriceVersion stores an imported catalogue. It fills in the id, the time and the actor. Earlier ones are kept.
func (s *Store) AddPriceVersion(ctx context.Context, v *PriceVersion) error {
	stored := *v
	err := s.change(ctx, "store the price catalogue", func(tx *Store) (changed, error) {
		stored.At, stored.Actor = now(), actorOf(ctx)
		row := priceVersionRow{At: toMicros(stored.At), Actor: stored.Actor, Label: clean(stored.Label, maxName), Catalogue: compress(stored.Catalogue)}
		err := tx.tx.db.WithContext(ctx).Create(&row).Error
		stored.ID = row.ID
		return changed{object: "price_catalogue", key: row.Label, after: map[string]any{"label": row.Label, "bytes": len(stored.Catalogue)}}, err
	})
	if err == nil {
		*v = stored
	}
	return err
}

// LatestPriceVersion returns the catalogue that was imported last; not_found without one.
func (s *Store) LatestPriceVersion(ctx context.Context) (PriceVersion, error) {
	var row priceVersionRow
	err := s.read(ctx).Order("id DESC").Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return PriceVersion{}, models.Errorf(models.CodeNotFound, "no price catalogue was imported")
	}
	if err != nil {
		return PriceVersion{}, fail("read the price catalogue", err)
	}
	catalogue, err := decompress(row.Catalogue)
	return PriceVersion{ID: row.ID, At: fromMicros(row.At), Actor: row.Actor, Label: row.Label, Catalogue: catalogue}, fail("read the price catalogue", err)
}

// FixCosts gives finished requests another cost and corrects the statistics with them. Requests that are gone or run are passed
// over; it returns how many were changed. A few hundred at a time keep other writers waiting for some milliseconds only.
func (s *Store) FixCosts(ctx context.Context, fixes []CostFix) (fixed int, err error) {
	err = s.inLogWrite(ctx, func(tx *Store) error {
		fixed = 0
		usage := newUsage()
		for i := range fixes {
			done, err := tx.fixCost(ctx, &fixes[i], usage)
			if err != nil {
				return err
			}
			if done {
				fixed++
			}
		}
		return tx.bumpUsage(ctx, usage)
	})
	return fixed, fail("correct the costs", err)
}

func (s *Store) fixCost(ctx context.Context, fix *CostFix, usage *usage) (done bool, err error) {
	query := "SELECT " + logColumnList + " FROM request_logs WHERE request_time = ? AND id = ? AND state = 'done'"
	if s.postgres() {
		query += " FOR UPDATE"
	}
	var row logRow
	err = s.each(ctx, func(rows *sql.Rows) (err error) {
		done = true
		row, err = scanLog(rows)
		return err
	}, query, toMicros(fix.RequestTime), fix.ID)
	if err != nil || !done {
		return false, err
	}
	usage.count(&row.RequestLog, -1)
	row.TotalCost = fix.Total
	usage.count(&row.RequestLog, 1)
	n, err := s.exec(ctx, "UPDATE request_logs SET total_cost = ?, input_cost = ?, output_cost = ?, price_source = ? WHERE request_time = ? AND id = ?",
		(*int64)(fix.Total), (*int64)(fix.Input), (*int64)(fix.Output), string(fix.Source), toMicros(fix.RequestTime), fix.ID)
	if err == nil && n != 1 {
		err = fmt.Errorf("request %s vanished", fix.ID)
	}
	return err == nil, err
}
