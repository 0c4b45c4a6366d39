package proxy

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
)

// openAIModel is one entry of GET /v1/models (platform.openai.com/docs/api-reference/models).
type openAIModel struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// anthropicModel is one entry of the same list in Anthropic's shape (docs.anthropic.com/en/api/models-list).
type anthropicModel struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
}

func (g *Gateway) listModels(c *fiber.Ctx) error {
	return g.modelsAnswer(c, func(key *models.APIKey) (any, *Failure) {
		list := g.modelsFor(key)
		if !wantsAnthropic(c) {
			data := make([]openAIModel, len(list))
			for i, m := range list {
				data[i] = asOpenAI(m)
			}
			return map[string]any{"object": "list", "data": data}, nil
		}
		data := make([]anthropicModel, len(list))
		for i, m := range list {
			data[i] = asAnthropic(m)
		}
		answer := map[string]any{"data": data, "has_more": false, "first_id": nil, "last_id": nil}
		if n := len(data); n > 0 {
			answer["first_id"], answer["last_id"] = data[0].ID, data[n-1].ID
		}
		return answer, nil
	})
}

func (g *Gateway) getModel(c *fiber.Ctx) error {
	return g.modelsAnswer(c, func(key *models.APIKey) (any, *Failure) {
		name, err := url.PathUnescape(c.Params("*"))
		if err != nil {
			name = c.Params("*")
		}
		m, found := g.router.Resolve(name)
		if found && mayUse(key, m) {
			for _, servable := range g.modelsFor(key) {
				if servable.Name == m.Name {
					if wantsAnthropic(c) {
						return asAnthropic(m), nil
					}
					return asOpenAI(m), nil
				}
			}
		}
		return nil, modelNotFound(name, g.router.Nearest(name, key.AllowedModels))
	})
}

func (g *Gateway) modelsAnswer(c *fiber.Ctx, produce func(*models.APIKey) (any, *Failure)) error {
	id := g.name(c)
	dialect := models.ProtocolOpenAI
	if wantsAnthropic(c) {
		dialect = models.ProtocolAnthropic
	}
	c.Context().Response.Header.SetContentType("application/json")
	header := copyHeader(c)
	key, failure := g.keys.Authenticate(header, string(c.Context().URI().QueryString()), g.now())
	var answer any
	if failure == nil {
		answer, failure = produce(key)
	} else {
		failure = g.strangers.refused(g.clientIP(c.Context(), header), failure, g.now())
	}
	if failure != nil {
		return sendFailure(c, failure, dialect, id)
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return c.Status(http.StatusOK).Send(out)
}

// name gives an answer that has no exchange behind it the headers of one.
func (g *Gateway) name(c *fiber.Ctx) (id string) {
	id = g.ids.next(g.now())
	for _, header := range []string{"X-Request-Id", "Request-Id", "X-Squirrel-Request-Id"} {
		c.Set(header, id)
	}
	c.Set("X-Squirrel-Attempts", "0")
	return id
}

func sendFailure(c *fiber.Ctx, f *Failure, dialect models.Protocol, id string) error {
	h := http.Header{}
	f.setHeaders(h)
	for header, values := range h {
		c.Set(header, values[0])
	}
	return c.Status(f.Status).Send(f.Body(dialect, id))
}

// modelsFor lists what a key may use.
func (g *Gateway) modelsFor(key *models.APIKey) []*models.Model {
	return g.router.Models(key.AllowedModels)
}

func wantsAnthropic(c *fiber.Ctx) bool { return len(c.Request().Header.Peek("Anthropic-Version")) > 0 }

func asOpenAI(m *models.Model) openAIModel {
	return openAIModel{ID: m.Name, Object: "model", Created: m.CreatedAt.Unix(), OwnedBy: "squirrel"}
}

func asAnthropic(m *models.Model) anthropicModel {
	return anthropicModel{Type: "model", ID: m.Name, DisplayName: m.Name, CreatedAt: m.CreatedAt.UTC().Format(time.RFC3339)}
}
