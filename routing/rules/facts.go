package rules

import (
	"unsafe"

	"squirrel/models"
)

// Facts answer a rule's questions about one request. One goroutine at a time uses them.
type Facts interface {
	// Values calls yield with each value of a field until it returns false. A missing field has none. Fields of time
	// are not asked for. Texts may share memory with the request: they hold only until it ends.
	Values(f *Field, yield func(Value) bool)
	// InputTokens counts the input; false when nobody can. The first call may run a tokeniser.
	InputTokens() (int64, bool)
	// MaxOutputTokens is the limit that the client set; false when it set none.
	MaxOutputTokens() (int64, bool)
}

// Source is what a request's facts are made of. Functions may be nil; each is called only when a rule needs it.
type Source struct {
	Model       string // as the client wrote it
	Endpoint    models.Endpoint
	Protocol    models.Protocol // the client's
	Stream      bool
	RequestID   string
	UserID      string
	UserAgent   string
	APIKeyName  string
	APIKeyTags  []string
	Header      func(name string) (string, bool) // asked with the name in lower case
	Body        []byte                           // a JSON object; must not change while the facts are in use; nil for uploads
	Form        func(name string) (string, bool) // a field of an upload, in place of Body
	InputTokens func() int64                     // called once at most; negative = unknown
}

// RequestFacts are the facts of a request as it came in. They look at a body lazily and only at what is asked for; no
// copy of it is made but of texts with escapes, while they are looked at.
type RequestFacts struct {
	src     Source
	body    body
	counted bool
	tokens  int64
}

var _ Facts = (*RequestFacts)(nil)

// NewFacts makes the facts of one request. It looks at nothing yet.
func NewFacts(src Source) *RequestFacts {
	f := &RequestFacts{src: src}
	if len(src.Body) > 0 {
		f.body.json = unsafe.String(unsafe.SliceData(src.Body), len(src.Body)) // a copy could be 30 MB
	}
	return f
}

// InputTokens implements Facts.
func (f *RequestFacts) InputTokens() (int64, bool) {
	if !f.counted {
		f.counted, f.tokens = true, -1
		if f.src.InputTokens != nil {
			f.tokens = f.src.InputTokens()
		}
	}
	return f.tokens, f.tokens >= 0
}

// MaxOutputTokens implements Facts.
func (f *RequestFacts) MaxOutputTokens() (int64, bool) {
	f.body.index(f.src.Endpoint)
	for _, raw := range f.body.outputLimits {
		if v, ok := decode(raw); ok && v.kind == KindNumber && v.exact && v.whole > 0 {
			return v.whole, true
		}
	}
	return 0, false
}

// Values implements Facts.
func (f *RequestFacts) Values(field *Field, yield func(Value) bool) {
	switch id := field.info.id; id {
	case fieldModel:
		yield(Text(f.src.Model))
	case fieldEndpoint:
		yield(Text(string(f.src.Endpoint)))
	case fieldProtocol:
		yield(Text(string(f.src.Protocol)))
	case fieldStream:
		yield(Bool(f.src.Stream))
	case fieldHeader:
		found(f.src.Header, field.header, yield)
	case fieldKeyName:
		unlessEmpty(f.src.APIKeyName, yield)
	case fieldKeyTags:
		for _, tag := range f.src.APIKeyTags {
			if !yield(Text(tag)) {
				return
			}
		}
	case fieldUserID:
		unlessEmpty(f.src.UserID, yield)
	case fieldClient:
		unlessEmpty(ClientFamily(f.src.UserAgent), yield)
	case fieldRandom:
		yield(Number(f.random()))
	case fieldInputTokens:
		ifKnown(f.InputTokens, yield)
	case fieldMaxOutput:
		ifKnown(f.MaxOutputTokens, yield)
	default:
		f.bodyValues(field, yield)
	}
}

// bodyValues are the fields that need a look at the body.
func (f *RequestFacts) bodyValues(field *Field, yield func(Value) bool) {
	if field.info.id == fieldBody {
		f.path(field.path, yield)
		return
	}
	f.body.index(f.src.Endpoint)
	switch field.info.id {
	case fieldSystem:
		f.texts(func(r role) bool { return r == roleSystem }, yield)
	case fieldAnyText:
		f.texts(func(role) bool { return true }, yield)
	case fieldLastUser:
		f.lastUser(yield)
	case fieldMessageCount:
		yield(Whole(f.body.sum().messages))
	case fieldToolNames:
		f.body.eachTool(func(name string) bool { return name == "" || yield(Text(name)) })
	case fieldToolCount, fieldHasTools:
		var count int64
		f.body.eachTool(func(string) bool { count++; return true })
		if field.info.id == fieldToolCount {
			yield(Whole(count))
			return
		}
		yield(Bool(count > 0))
	case fieldHasImage:
		yield(Bool(f.uploads(models.EndpointImageEdits, models.EndpointImageVariation) || f.body.sum().image))
	case fieldHasAudio:
		yield(Bool(f.uploads(models.EndpointTranscriptions, models.EndpointTranslations) || f.body.sum().audio))
	case fieldHasFile:
		yield(Bool(f.body.sum().file))
	}
}

func (f *RequestFacts) uploads(a, b models.Endpoint) bool {
	return f.src.Endpoint == a || f.src.Endpoint == b
}

// texts yields what is said by some.
func (f *RequestFacts) texts(of func(role) bool, yield func(Value) bool) {
	if f.body.json == "" && of(roleUser) {
		found(f.src.Form, "prompt", yield)
	}
	f.body.eachText(func(r role, literal string) bool { return !of(r) || yield(Text(unquote(literal))) })
}

func (f *RequestFacts) lastUser(yield func(Value) bool) {
	if f.body.json == "" {
		found(f.src.Form, "prompt", yield)
		return
	}
	m := message{content: f.body.sum().lastUser}
	m.eachPart(func(p part) bool { return !p.saidByUser() || yield(Text(unquote(p.text))) })
}

// path yields the values at a path of the body: a list stands for its elements.
func (f *RequestFacts) path(steps []step, yield func(Value) bool) {
	if f.body.json == "" && len(steps) == 1 {
		found(f.src.Form, steps[0].key, yield)
		return
	}
	follow(f.body.json, steps, yield)
}

func follow(raw string, steps []step, yield func(Value) bool) (goOn bool) {
	goOn = true
	if len(steps) == 0 {
		if isArray(raw) {
			return elements(raw, yield)
		}
		if v, ok := decode(raw); ok {
			return yield(v)
		}
		return true
	}
	switch s := steps[0]; s.kind {
	case stepKey:
		if value := member(raw, s.key); value != "" {
			return follow(value, steps[1:], yield)
		}
	case stepIndex:
		index := 0
		eachElement(raw, func(value string) bool {
			if index == s.index {
				goOn = follow(value, steps[1:], yield)
				return false
			}
			index++
			return true
		})
	case stepAny:
		eachElement(raw, func(value string) bool {
			goOn = follow(value, steps[1:], yield)
			return goOn
		})
	}
	return goOn
}

// elements yields the elements of a list; lists in it are passed as they are.
func elements(raw string, yield func(Value) bool) (goOn bool) {
	goOn = true
	eachElement(raw, func(value string) bool {
		if v, ok := decode(value); ok {
			goOn = yield(v)
		}
		return goOn
	})
	return goOn
}

func found(get func(string) (string, bool), name string, yield func(Value) bool) {
	if get == nil {
		return
	}
	if text, ok := get(name); ok {
		yield(Text(text))
	}
}

func unlessEmpty(text string, yield func(Value) bool) {
	if text != "" {
		yield(Text(text))
	}
}

func ifKnown(get func() (int64, bool), yield func(Value) bool) {
	if n, ok := get(); ok {
		yield(Whole(n))
	}
}
