package admin

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"squirrel/models"
)

// APIKeyInput is what may be said about an API key. Its value is always generated.
type APIKeyInput struct {
	Name          Opt[string]              `json:"key_name" validate:"label,max=100"`
	IsActive      Opt[bool]                `json:"is_active"`
	ExpiresAt     Opt[time.Time]           `json:"expires_at"`
	AllowedModels Opt[[]string]            `json:"allowed_models" validate:"omitempty,max=1000,dive,model_name"`
	RecordDetails Opt[bool]                `json:"record_details"`
	RPMLimit      Opt[int64]               `json:"rpm_limit" validate:"omitnil,between=1 1000000000000"`
	TPMLimit      Opt[int64]               `json:"tpm_limit" validate:"omitnil,between=1 1000000000000"`
	Budget        Opt[models.NanoUSD]      `json:"budget_usd" validate:"omitnil,between=0 1000000000"`
	BudgetPeriod  Opt[models.BudgetPeriod] `json:"budget_period" validate:"omitempty,oneof=day month total"`
	Tags          Opt[[]string]            `json:"tags" validate:"omitempty,max=20,dive,label,max=50"`
	Version       *int64                   `json:"version"`
}

// APIKeyView is a key as it is shown. Value is the mask, except in the answers to create and rotate.
type APIKeyView struct {
	ID            int64               `json:"id"`
	Name          string              `json:"key_name"`
	Value         string              `json:"key_value"`
	IsActive      bool                `json:"is_active"`
	ExpiresAt     *time.Time          `json:"expires_at"`
	AllowedModels []string            `json:"allowed_models"`
	RecordDetails bool                `json:"record_details"`
	RPMLimit      *int64              `json:"rpm_limit"`
	TPMLimit      *int64              `json:"tpm_limit"`
	Budget        *models.NanoUSD     `json:"budget_usd"`
	BudgetPeriod  models.BudgetPeriod `json:"budget_period"`
	MonthlyCost   models.NanoUSD      `json:"monthly_cost"`
	Tags          []string            `json:"tags"`
	CreatedAt     time.Time           `json:"created_at"`
	UpdatedAt     time.Time           `json:"updated_at"`
	LastUsedAt    *time.Time          `json:"last_used_at"`
	Version       int64               `json:"version"`
}

func viewAPIKey(k *models.APIKey) APIKeyView {
	return APIKeyView{
		ID: k.ID, Name: k.Name, Value: k.Mask, IsActive: k.IsActive, ExpiresAt: k.ExpiresAt, AllowedModels: nonNil(k.AllowedModels),
		RecordDetails: k.RecordDetails, RPMLimit: k.RPMLimit, TPMLimit: k.TPMLimit, Budget: k.Budget,
		BudgetPeriod: cmp.Or(k.BudgetPeriod, models.BudgetMonth), Tags: nonNil(k.Tags),
		CreatedAt: k.CreatedAt.UTC(), UpdatedAt: k.UpdatedAt.UTC(), LastUsedAt: k.LastUsedAt, Version: k.Version,
	}
}

// APIKeys lists one page, sorted by name. Text is looked for in names and tags.
func (s *Service) APIKeys(ctx context.Context, q PageQuery) (List[APIKeyView], error) {
	all, err := s.store.APIKeys(ctx)
	if err != nil {
		return List[APIKeyView]{}, err
	}
	slices.SortFunc(all, func(a, b models.APIKey) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	var views []APIKeyView
	for i := range all {
		k := &all[i]
		tagged := slices.ContainsFunc(k.Tags, func(t string) bool { return containsFold(t, q.Text) })
		if (containsFold(k.Name, q.Text) || tagged) && q.active(k.IsActive) {
			views = append(views, viewAPIKey(k))
		}
	}
	page := paginate(views, q)
	for i := range page.Items {
		if page.Items[i].MonthlyCost, err = s.spentThisMonth(ctx, page.Items[i].ID); err != nil {
			return List[APIKeyView]{}, err
		}
	}
	return page, nil
}

// spentThisMonth is what the key has cost since the first of the month, as budgets count.
func (s *Service) spentThisMonth(ctx context.Context, id int64) (models.NanoUSD, error) {
	return s.store.SpendSince(ctx, id, models.BudgetStart(models.BudgetMonth, s.Now(), s.Zone()))
}

// APIKey shows one key.
func (s *Service) APIKey(ctx context.Context, id int64) (APIKeyView, error) {
	k, err := s.store.APIKey(ctx, id)
	if err != nil {
		return APIKeyView{}, err
	}
	v := viewAPIKey(&k)
	v.MonthlyCost, err = s.spentThisMonth(ctx, id)
	return v, err
}

// CreateAPIKey makes a key with a new value. The view of the answer is the only place where the value ever is.
func (s *Service) CreateAPIKey(ctx context.Context, in APIKeyInput) (APIKeyView, error) {
	k := models.APIKey{IsActive: true, RecordDetails: true, BudgetPeriod: models.BudgetMonth}
	if err := s.applyAPIKey(&k, in); err != nil {
		return APIKeyView{}, err
	}
	value := s.newKeyValue(&k)
	if err := s.store.CreateAPIKey(ctx, &k); err != nil {
		return APIKeyView{}, nameTaken(err, "key_name")
	}
	v := viewAPIKey(&k)
	v.Value = value
	return v, nil
}

// RotateAPIKey gives a key a new value; the old one stops working at once.
func (s *Service) RotateAPIKey(ctx context.Context, id int64) (APIKeyView, error) {
	k, err := s.store.APIKey(ctx, id)
	if err != nil {
		return APIKeyView{}, err
	}
	value := s.newKeyValue(&k)
	if err := s.store.UpdateAPIKey(ctx, &k, nil); err != nil {
		return APIKeyView{}, err
	}
	v, err := s.APIKey(ctx, id)
	v.Value = value
	return v, err
}

// UpdateAPIKey changes what the input holds, never the value.
func (s *Service) UpdateAPIKey(ctx context.Context, id int64, in APIKeyInput) (APIKeyView, error) {
	k, err := s.store.APIKey(ctx, id)
	if err != nil {
		return APIKeyView{}, err
	}
	if err := s.applyAPIKey(&k, in); err != nil {
		return APIKeyView{}, err
	}
	if err := s.store.UpdateAPIKey(ctx, &k, in.Version); err != nil {
		return APIKeyView{}, nameTaken(err, "key_name")
	}
	return s.APIKey(ctx, id)
}

// DeleteAPIKey deletes a key. Records of past requests keep its name.
func (s *Service) DeleteAPIKey(ctx context.Context, id int64) error {
	return s.store.DeleteAPIKey(ctx, id)
}

func (s *Service) applyAPIKey(k *models.APIKey, in APIKeyInput) error {
	c := check{}
	in.Name.Value, in.Tags.Value = normal(in.Name.Value), normalSet(in.Tags.Value)
	in.AllowedModels.Value = slices.Sorted(slices.Values(normalSet(in.AllowedModels.Value)))
	in.Name.into(&k.Name)
	in.IsActive.into(&k.IsActive)
	in.ExpiresAt.intoPointer(&k.ExpiresAt)
	in.AllowedModels.into(&k.AllowedModels)
	in.RecordDetails.into(&k.RecordDetails)
	in.RPMLimit.intoPointer(&k.RPMLimit)
	in.TPMLimit.intoPointer(&k.TPMLimit)
	in.Budget.intoPointer(&k.Budget)
	in.BudgetPeriod.into(&k.BudgetPeriod)
	in.Tags.into(&k.Tags)
	k.BudgetPeriod = cmp.Or(k.BudgetPeriod, models.BudgetMonth)

	c.fields(&in)
	if in.ExpiresAt.given() && !in.ExpiresAt.Value.After(s.Now()) {
		c.fail("expires_at", "must be in the future")
	}
	return c.err()
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newKeyValue generates a value, keeps its hash and its mask in k, and returns it.
func (s *Service) newKeyValue(k *models.APIKey) string {
	value := s.opts.KeyPrefix + randomBase62(s.opts.KeyLength)
	k.Hash = sha256.Sum256([]byte(value))
	k.Mask = maskAPIKey(value, s.opts.KeyPrefix)
	return value
}

// randomBase62 refuses the bytes above the last multiple of 62, so that no letter is likelier than another.
func randomBase62(n int) string {
	const unbiased = 256 / len(base62) * len(base62)
	text := make([]byte, 0, n)
	for b := make([]byte, 1); len(text) < n; {
		rand.Read(b) // never fails: crypto/rand ends the process instead
		if int(b[0]) < unbiased {
			text = append(text, base62[int(b[0])%len(base62)])
		}
	}
	return string(text)
}

// maskAPIKey shows four characters on each side: "lgw-a1b2…c3d4".
func maskAPIKey(value, prefix string) string {
	random := strings.TrimPrefix(value, prefix)
	return prefix + random[:4] + maskEllipse + random[len(random)-4:]
}
