package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"squirrel/models"
)

// Lengths in bytes of text columns that are filled from outside.
const (
	maxName   = 512
	maxWord   = 128
	maxReason = 8192
)

func toMicros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

func toMicrosPtr(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

func fromMicrosPtr(us *int64) *time.Time {
	if us == nil {
		return nil
	}
	t := fromMicros(*us)
	return &t
}

// clean makes a text of unknown origin fit to be stored on both databases: PostgreSQL takes neither NUL nor invalid UTF-8, and
// neither may be indexed at any length.
func clean(text string, limit int) string {
	if len(text) > limit {
		cut := limit
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "␀")
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// rawText stores optional JSON.
func rawText(raw json.RawMessage) *string {
	if len(raw) == 0 {
		return nil
	}
	text := string(raw)
	return &text
}

func textRaw(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}

// toText stores a value as JSON. Nil slices become [].
func toText(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode a column: %w", err)
	}
	return string(text), nil
}

func fromText[T any](text string) (v T, err error) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return v, fmt.Errorf("decode a column: %w", err)
	}
	return v, nil
}

func listText(list []string) string {
	if list == nil {
		list = []string{}
	}
	text, _ := json.Marshal(list) // strings always marshal
	return string(text)
}

func ruleText(rule *models.Rule) (*string, error) {
	if rule == nil {
		return nil, nil
	}
	text, err := toText(rule)
	return &text, err
}

func textRule(text *string) (*models.Rule, error) {
	if text == nil {
		return nil, nil
	}
	rule, err := fromText[models.Rule](*text)
	return &rule, err
}

func mapRows[R, M any](rows []R, convert func(R) M) []M {
	out := make([]M, len(rows))
	for i := range rows {
		out[i] = convert(rows[i])
	}
	return out
}

// mapRowsErr converts rows whose conversion can fail.
func mapRowsErr[R, M any](rows []R, convert func(R) (M, error)) ([]M, error) {
	out := make([]M, len(rows))
	for i := range rows {
		m, err := convert(rows[i])
		if err != nil {
			return nil, classify(err)
		}
		out[i] = m
	}
	return out, nil
}

// one reads the row that a condition names; what and key are for the error when there is none.
func (s *Store) one(ctx context.Context, row any, what string, key any, where string, args ...any) error {
	err := s.read(ctx).Where(where, args...).Take(row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return notFound(what, key)
	}
	return fail("read the "+what, err)
}

// overwrite stores all columns of a row but its id and its time of creation.
func (s *Store) overwrite(ctx context.Context, row any) error {
	return s.tx.db.WithContext(ctx).Model(row).Select("*").Omit("id", "created_at").Updates(row).Error
}
