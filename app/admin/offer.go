package admin

import (
	"context"
	"slices"
	"strings"
	"time"

	"squirrel/models"
)

// Offer is a model that a provider lists, with what is known about it here.
type Offer struct {
	UpstreamModel
	Type          models.ModelType
	ContextWindow int64 // tokens; 0 = unknown
	Prices        models.Prices
	Priced        bool
	UsedBy        []string // models with a route to it
}

// Offers asks a saved provider for its models and joins them with the price book and the routes.
func (s *Service) Offers(ctx context.Context, providerID int64) ([]Offer, error) {
	list, err := s.UpstreamModels(ctx, providerID)
	if err != nil {
		return nil, err
	}
	book, err := s.PriceBook(ctx)
	if err != nil {
		return nil, err
	}
	routes, err := s.Routes(ctx, RouteQuery{Provider: providerID})
	if err != nil {
		return nil, err
	}
	offers := make([]Offer, len(list))
	for i, m := range list {
		offers[i] = Offer{UpstreamModel: m, Type: book.TypeOf(m.ID)}
		offers[i].ContextWindow, _ = book.ContextWindow(m.ID)
		offers[i].Prices, offers[i].Priced = book.Prices(m.ID)
		for j := range routes.Items {
			if r := &routes.Items[j]; r.TargetModel == m.ID && !slices.Contains(offers[i].UsedBy, r.ModelName) {
				offers[i].UsedBy = append(offers[i].UsedBy, r.ModelName)
			}
		}
	}
	return offers, nil
}

// typeWords tell by a part of its name what a model is for, where the catalogue doesn't know it. The first that fits wins.
var typeWords = []struct {
	word string
	is   models.ModelType
}{
	{"embed", models.ModelEmbedding}, {"bge-", models.ModelEmbedding}, {"moderation", models.ModelModeration},
	{"whisper", models.ModelTranscription}, {"transcribe", models.ModelTranscription}, {"tts", models.ModelSpeech},
	{"dall-e", models.ModelImages}, {"gpt-image", models.ModelImages}, {"imagen", models.ModelImages}, {"stable-diffusion", models.ModelImages}, {"flux", models.ModelImages},
}

// TypeOf says what a target model is for: as the catalogue says, else as its name sounds.
func (b *PriceBook) TypeOf(target string) models.ModelType {
	if e, found := b.catalogue.Lookup(target); found && e.Type != "" {
		return e.Type
	}
	name := strings.ToLower(target)
	for _, w := range typeWords {
		if strings.Contains(name, w.word) {
			return w.is
		}
	}
	return models.ModelChat
}

// Suggested picks the few models to begin with: chat models, those with a known price and the newest first.
func Suggested(offers []Offer, n int) []string {
	chat := slices.DeleteFunc(slices.Clone(offers), func(o Offer) bool { return o.Type != models.ModelChat })
	slices.SortStableFunc(chat, func(a, b Offer) int {
		if a.Priced != b.Priced {
			if a.Priced {
				return -1
			}
			return 1
		}
		return createdOf(b).Compare(createdOf(a))
	})
	var names []string
	for _, o := range chat[:min(n, len(chat))] {
		names = append(names, o.ID)
	}
	return names
}

func createdOf(o Offer) (t time.Time) {
	if o.Created != nil {
		t = *o.Created
	}
	return t
}

// Adopted is what came of adopting models of a provider.
type Adopted struct {
	Models int // created
	Routes int // created, also for models that were there
	Known  int // targets that had a route before
}

// Adopt makes models of targets of a provider: each is called as the provider calls it and has a route there. A model
// that is there already gets another route. All of it or nothing happens.
func (s *Service) Adopt(ctx context.Context, providerID int64, targets []string) (done Adopted, err error) {
	if len(targets) == 0 {
		return Adopted{}, models.Invalid("targets", "must not be empty")
	}
	if len(targets) > maxAdopted {
		return Adopted{}, models.Invalid("targets", "must have at most %d entries", maxAdopted)
	}
	book, err := s.PriceBook(ctx)
	if err != nil {
		return Adopted{}, err
	}
	err = s.inTx(ctx, func(tx *Service) error {
		for _, target := range targets {
			if err := tx.adopt(ctx, providerID, target, book.TypeOf(target), &done); err != nil {
				return named(err, target)
			}
		}
		return nil
	})
	return done, err
}

// maxAdopted bounds one transaction.
const maxAdopted = 500

func (s *Service) adopt(ctx context.Context, providerID int64, target string, kind models.ModelType, done *Adopted) error {
	m, err := s.store.Model(ctx, target) // by name or alias
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		if _, err = s.CreateModel(ctx, ModelInput{Name: Some(target), Type: Some(kind)}); err != nil {
			return err
		}
		m.Name = normal(target)
		done.Models++
	case err != nil:
		return err
	}
	_, found, err := s.routeLike(ctx, m.Name, providerID, target)
	switch {
	case err != nil:
		return err
	case found:
		done.Known++
		return nil
	}
	done.Routes++
	_, err = s.CreateRoute(ctx, RouteInput{ModelName: Some(m.Name), ProviderID: Some(providerID), TargetModel: Some(target)})
	return err
}

// named says of which target an error is.
func named(err error, target string) error {
	e, ok := asError(err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	fields := make(map[string]string, len(e.Fields))
	for _, msg := range e.Fields {
		fields[target] = msg
	}
	return &models.Error{Code: e.Code, Message: fieldsMessage(fields), Fields: fields, Err: err}
}
