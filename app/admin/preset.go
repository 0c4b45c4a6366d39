package admin

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"squirrel/models"
)

// What a preset of the playground may be: room for a long system text, tools and a schema.
const (
	MaxPresets     = 100
	MaxPresetName  = 40        // characters
	maxPresetQuery = 128 << 10 // bytes
)

// Presets lists the forms of the playground that administrators have saved, by name.
func (s *Service) Presets(ctx context.Context) ([]models.Preset, error) { return s.store.Presets(ctx) }

// Preset reads one preset.
func (s *Service) Preset(ctx context.Context, id int64) (models.Preset, error) {
	return s.store.Preset(ctx, id)
}

// SavePreset keeps a preset. One of the same name, whatever its case, is replaced: replaced tells so.
func (s *Service) SavePreset(ctx context.Context, p models.Preset) (saved models.Preset, replaced bool, err error) {
	c := check{}
	c.label("preset_name", &p.Name, MaxPresetName)
	if _, err := url.ParseQuery(p.Query); err != nil {
		c.fail("preset_name", "can't be kept: its form can't be read")
	}
	if len(p.Query) > maxPresetQuery {
		c.fail("preset_name", "is too long to be kept: it has %d bytes, at most %d are allowed", len(p.Query), maxPresetQuery)
	}
	if err := c.err(); err != nil {
		return p, false, err
	}
	err = s.inTx(ctx, func(tx *Service) error {
		all, err := tx.store.Presets(ctx)
		if err != nil {
			return err
		}
		p.ID = 0
		if at := slices.IndexFunc(all, func(o models.Preset) bool { return strings.EqualFold(o.Name, p.Name) }); at >= 0 {
			p.ID, replaced = all[at].ID, true
		}
		return tx.store.SavePreset(ctx, &p, MaxPresets)
	})
	return p, replaced, err
}

// DeletePreset deletes a preset.
func (s *Service) DeletePreset(ctx context.Context, id int64) error {
	return s.store.DeletePreset(ctx, id)
}

// revertPreset takes back what was done to a preset. One that was deleted comes back under a new number.
func (s *Service) revertPreset(ctx context.Context, c *models.Change) error {
	if c.Action == "create" {
		return s.DeletePreset(ctx, readState(c.After).id())
	}
	before := readState(c.Before)
	_, _, err := s.SavePreset(ctx, models.Preset{Name: before.text("name"), Query: before.text("query")})
	return err
}
