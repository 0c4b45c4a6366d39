package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"squirrel/models"
)

func TestSavedViews(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := WithActor(t.Context(), "ann")
		before, err := s.ConfigVersion(ctx)
		must(t, err)
		v := &models.SavedView{Name: "b", Query: "status=5xx"}
		must(t, s.SaveView(ctx, v, 2))
		if v.ID == 0 || v.Author != "ann" || v.CreatedAt.IsZero() || v.UpdatedAt != v.CreatedAt {
			t.Errorf("saved as %+v", *v)
		}
		must(t, s.SaveView(t.Context(), &models.SavedView{Name: "a", Query: "q=%25"}, 2))
		wantCode(t, "one too many", s.SaveView(ctx, &models.SavedView{Name: "c"}, 2), models.CodeInvalid)
		wantCode(t, "same name", s.SaveView(ctx, &models.SavedView{Name: "a"}, 3), models.CodeConflict)
		created := v.CreatedAt
		renamed := &models.SavedView{ID: v.ID, Name: "z", Query: "status=4xx"}
		must(t, s.SaveView(WithActor(ctx, "bob"), renamed, 2)) // at the limit, but not a new one
		if renamed.CreatedAt != created || renamed.Author != "bob" {
			t.Errorf("renamed to %+v", *renamed)
		}
		wantCode(t, "to a name that is taken", s.SaveView(ctx, &models.SavedView{ID: v.ID, Name: "a"}, 2), models.CodeConflict)
		all, err := s.SavedViews(ctx)
		if err != nil || len(all) != 2 || all[0].Name != "a" || all[0].Author != "" || all[1] != *renamed {
			t.Errorf("%+v, %v; want %+v", all, err, *renamed)
		}
		if one, err := s.SavedView(ctx, v.ID); err != nil || one != *renamed {
			t.Errorf("%+v, %v", one, err)
		}
		must(t, s.DeleteView(ctx, v.ID))
		wantCode(t, "delete again", s.DeleteView(ctx, v.ID), models.CodeNotFound)
		wantCode(t, "save what is gone", s.SaveView(ctx, renamed, 9), models.CodeNotFound)
		_, err = s.SavedView(ctx, v.ID)
		wantCode(t, "read what is gone", err, models.CodeNotFound)
		if after, err := s.ConfigVersion(ctx); err != nil || after != before {
			t.Errorf("the config version went from %d to %d, %v: views route nothing", before, after, err)
		}
	})
}

func TestSavedViews_AreAudited(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := WithActor(t.Context(), "ann")
		v := &models.SavedView{Name: "b", Query: "status=5xx"}
		must(t, s.SaveView(ctx, v, 2))
		v.Name = "c"
		must(t, s.SaveView(ctx, v, 2))
		must(t, s.DeleteView(ctx, v.ID))
		entries, err := s.Changes(ctx, 0, 10)
		must(t, err)
		var told []string
		for _, c := range slices.Backward(entries) {
			told = append(told, fmt.Sprint(c.Actor, " ", c.Action, " ", c.Object, " ", c.ObjectKey))
		}
		want := "ann create log_view b, ann update log_view c, ann delete log_view c"
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
		if !strings.Contains(string(entries[1].Before), `"name":"b"`) || !strings.Contains(string(entries[1].After), `"query":"status=5xx"`) {
			t.Errorf("%s became %s", entries[1].Before, entries[1].After)
		}
	})
}

// TestSavedViews_LimitHolds saves more at once than there may be.
func TestSavedViews_LimitHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var saved atomic.Int64
		var savers sync.WaitGroup
		for n := range 8 {
			savers.Go(func() {
				if err := s.SaveView(t.Context(), &models.SavedView{Name: fmt.Sprint("v", n)}, 3); err == nil {
					saved.Add(1)
				} else {
					wantCode(t, "one too many", err, models.CodeInvalid)
				}
			})
		}
		savers.Wait()
		if all, err := s.SavedViews(t.Context()); err != nil || saved.Load() != 3 || len(all) != 3 {
			t.Errorf("%d were saved, %d are there, %v; want 3", saved.Load(), len(all), err)
		}
	})
}

// TestPresets: presets are kept like views, in a table of their own.
func TestPresets(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := WithActor(t.Context(), "ann")
		must(t, s.SaveView(ctx, &models.SavedView{Name: "a", Query: "status=5xx"}, 9))
		p := &models.Preset{Name: "a", Query: "mode=chat&text=%25"}
		must(t, s.SavePreset(ctx, p, 1))
		wantCode(t, "one too many", s.SavePreset(ctx, &models.Preset{Name: "b"}, 1), models.CodeInvalid)
		wantCode(t, "same name", s.SavePreset(ctx, &models.Preset{Name: "a"}, 2), models.CodeConflict)
		p.Query = "mode=raw"
		must(t, s.SavePreset(ctx, p, 1))
		if one, err := s.Preset(ctx, p.ID); err != nil || one != *p || one.Author != "ann" {
			t.Errorf("%+v, %v; want %+v", one, err, *p)
		}
		if all, err := s.Presets(ctx); err != nil || len(all) != 1 || all[0] != *p {
			t.Errorf("%+v, %v", all, err)
		}
		must(t, s.DeletePreset(ctx, p.ID))
		wantCode(t, "delete again", s.DeletePreset(ctx, p.ID), models.CodeNotFound)
		wantCode(t, "save what is gone", s.SavePreset(ctx, p, 1), models.CodeNotFound)
		if views, err := s.SavedViews(ctx); err != nil || len(views) != 1 {
			t.Errorf("%d views, %v: they are something else", len(views), err)
		}
		entries, err := s.Changes(ctx, 0, 10)
		must(t, err)
		if len(entries) != 4 || entries[0].Object != "preset" || entries[0].Action != "delete" || entries[3].Object != "log_view" {
			t.Errorf("told %+v", entries)
		}
	})
}
