package admin

import (
	"context"

	"squirrel/models"
)

// KeyNames lists the API keys for a choice, without what they have spent: that has to be summed up.
func (s *Service) KeyNames(ctx context.Context) ([]models.APIKey, error) {
	keys, err := s.store.APIKeys(ctx)
	return nonNil(keys), err
}

// ModelNames lists the names of the models for a choice.
func (s *Service) ModelNames(ctx context.Context) ([]string, error) {
	all, err := s.store.Models(ctx)
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names, err
}
