package pages

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// How large a file may be, in bytes: an image of a message, and a sound to be transcribed, which is what OpenAI takes.
const (
	MaxPlayImage = 4 << 20
	MaxPlaySound = 25 << 20
)

// PlayMode is what kind of request the playground sends.
type PlayMode string

// The modes of the playground.
const (
	PlayChat          PlayMode = "chat"
	PlayEmbeddings    PlayMode = "embeddings"
	PlayImages        PlayMode = "images"
	PlaySpeech        PlayMode = "speech"
	PlayTranscription PlayMode = "transcription"
	PlayRaw           PlayMode = "raw" // the body itself is edited
)

// PlayModes lists the modes in the order of their tabs.
var PlayModes = []PlayMode{PlayChat, PlayEmbeddings, PlayImages, PlaySpeech, PlayTranscription, PlayRaw}

// Playground is a request to be sent, and its answer.
type Playground struct {
	Mode       PlayMode
	Endpoint   string
	Model      string
	System     string
	Messages   []PlayMessage
	Params     map[string]string // by their name in the form; empty = not sent
	Stream     bool
	Body       string
	APIKeyID   string
	RouteID    string
	Models     []string
	Keys       []ui.Option
	Routes     []ui.Option
	ManyKeys   bool // more than are listed
	ManyRoutes bool // only those of the form's models are listed
	Tabs       []ui.Tab
	Errors     map[string]string
	Notices    []string // the keys of what to know before the request is sent
	Focus      string   // the id of the control that a button led to; empty = none
	Presets    []PlayPreset
	PresetName string       // under which the form was, or is to be, saved
	Columns    []PlayOther  // further columns of the form
	Code       []Snippet    // that makes the request; nil = nobody asked
	Side       []PlayColumn // several answers that arrive while the page is sent; nil = none
	Streaming  PlayStream   // the answer that arrives while the page is sent; nil = none
}

// PlayMessage is a message of the conversation.
type PlayMessage struct {
	Role, Text string
	Images     []string // addresses, or data: URLs of images that were attached
}

// PlayAnswer is what came back.
type PlayAnswer struct {
	Status    int
	Chat      *Chat
	Text      string // of a transcript
	Media     []PlayMedia
	Vectors   []PlayVector
	Body      string
	Shortened bool // the body is shown without its long values
	Cut       bool // more came than the page shows
	Stopped   bool // somebody ended the request before its answer was whole
	LogURL    string
	Provider  string
	Target    string
	Bytes     int64 // of an answer that is no text; 0 = it is
	FirstByte time.Duration
	Total     time.Duration
	Log       *models.RequestLog // nil: not in the database yet
}

// PlayMedia is a sound or an image of an answer.
type PlayMedia struct {
	Kind    string // "audio", "image", or "file" for what pages can't show
	URL     string // data: URL; of an image that is elsewhere its address, and Remote is set
	Remote  bool
	Name    string // of the download
	Type    string
	Bytes   int64
	Caption string // how the provider changed the prompt
}

// PlayVector is an embedding: how long it is, and its first numbers.
type PlayVector struct {
	Dimensions int
	Head       string
}

// PlaySink takes what becomes of a request while it runs.
type PlaySink struct {
	Began func(logID string) error
	Say   func(text string, reasoning bool) error
}

// PlayStream performs a request, tells of it as it arrives, and returns what is known at the end.
type PlayStream func(ctx context.Context, to PlaySink) (PlayAnswer, error)

// beside reports whether the answer has room beside the form.
func (p Playground) beside() bool { return len(p.Side) == 0 }

// problems lists what is wrong with the form, in its order.
func (p Playground) problems(ctx context.Context) []ui.FieldError {
	labels := [][2]string{
		{"preset_name", i18n.T(ctx, "playground.preset.name")},
		{"body", i18n.T(ctx, "playground.body")}, {"model", i18n.T(ctx, "playground.model")}, {"input", i18n.T(ctx, "playground.input")},
		{"prompt", i18n.T(ctx, "playground.prompt")}, {"voice", i18n.T(ctx, "playground.voice")}, {"file", i18n.T(ctx, "playground.file")},
	}
	for i := range p.Messages {
		labels = append(labels, [2]string{imageField(i), i18n.T(ctx, "playground.images_of", "n", i+1)})
	}
	for _, name := range []string{"temperature", "max_tokens", "top_p", "seed", "reasoning_effort", "response_format", "schema_name", "schema", "stop", "tools", "dimensions", "n", "size", "quality", "speed", "instructions", "language"} {
		labels = append(labels, [2]string{name, paramLabel(ctx, name)})
	}
	return ui.FieldErrors(p.Errors, labels)
}

// imageField is the name of a message's images, and the id of the control that takes them.
func imageField(i int) string { return "image_" + strconv.Itoa(i) }

// paramLabel names a parameter: those that have no words of ours are called as in the request.
func paramLabel(ctx context.Context, name string) string {
	switch name {
	case "max_tokens":
		return i18n.T(ctx, "playground.max_tokens")
	case "stop":
		return i18n.T(ctx, "playground.stop")
	case "reasoning_effort":
		return i18n.T(ctx, "playground.effort")
	case "response_format":
		return i18n.T(ctx, "playground.format")
	case "schema":
		return i18n.T(ctx, "playground.schema")
	case "schema_name":
		return i18n.T(ctx, "playground.schema_name")
	case "tools":
		return i18n.T(ctx, "playground.tools")
	case "n":
		return i18n.T(ctx, "playground.count")
	case "size":
		return i18n.T(ctx, "playground.size")
	case "quality":
		return i18n.T(ctx, "playground.quality")
	case "speed":
		return i18n.T(ctx, "playground.speed")
	case "instructions":
		return i18n.T(ctx, "playground.instructions")
	case "language":
		return i18n.T(ctx, "playground.language")
	case "dimensions":
		return i18n.T(ctx, "playground.dimensions")
	}
	return name
}

func playEndpoints(mode PlayMode) []ui.Option {
	switch mode {
	case PlayChat:
		return wordOptions(models.EndpointChat, models.EndpointResponses, models.EndpointMessages)
	case PlayTranscription:
		return wordOptions(models.EndpointTranscriptions, models.EndpointTranslations)
	case PlayRaw:
		return wordOptions(models.EndpointChat, models.EndpointResponses, models.EndpointMessages, models.EndpointCompletions, models.EndpointEmbeddings,
			models.EndpointModerations, models.EndpointImages, models.EndpointSpeech, models.EndpointCountTokens)
	}
	return nil
}

func durationText(d time.Duration) string {
	if d <= 0 {
		return ui.Dash
	}
	return ui.Milliseconds(float64(d) / float64(time.Millisecond))
}

// flowing is the text of an answer as it arrives, and below it what is known once it has ended.
func flowing(stream PlayStream) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		out := &flow{w: w}
		answer, err := stream(ctx, PlaySink{Say: out.say, Began: func(id string) error {
			if err := stopForm(id).Render(ctx, w); err != nil {
				return err
			}
			return out.flush()
		}})
		if out.shut(); err != nil {
			return streamFailed(err.Error()).Render(ctx, w)
		}
		return playAnswer(answer).Render(ctx, w)
	})
}

// shown reports whether the answer is there in another form than its body.
func (a PlayAnswer) shown() bool {
	return a.Text != "" || len(a.Media) > 0 || len(a.Vectors) > 0 || a.Chat != nil && len(a.Chat.Messages) > 0
}

func rawTitle(ctx context.Context, a PlayAnswer) string {
	if a.Shortened {
		return i18n.T(ctx, "playground.raw_answer.short")
	}
	return i18n.T(ctx, "playground.raw_answer")
}

// anyway is for buttons that work on a form that is not complete yet. They lead to the form, not to its answer.
var anyway = templ.Attributes{"formnovalidate": true, "formaction": "/admin/playground"}

// messageButton is one of those that put the messages in order; it is ready again where its message went.
func (p Playground) messageButton(op, icon, label string, i int, disabled bool) ui.ButtonProps {
	id := op + "-" + strconv.Itoa(i)
	attrs := templ.Attributes{"id": id, "formnovalidate": true, "formaction": "/admin/playground"}
	if p.Focus == id && !disabled {
		attrs["autofocus"] = true
	}
	return ui.ButtonProps{Label: label, Icon: icon, IconOnly: true, Small: true, Kind: ui.Ghost, Name: "op", Value: op + ":" + strconv.Itoa(i), Disabled: disabled, Attrs: attrs}
}

// answerTitle is over what a button of the form brought.
func (p Playground) answerTitle(ctx context.Context) string {
	if len(p.Code) > 0 {
		return i18n.T(ctx, "playground.code.title")
	}
	return i18n.T(ctx, "playground.answer")
}

// answerID is where the page goes once the form is sent: to the answer, but not past what is wrong with the form.
func (p Playground) answerID() string {
	if len(p.Errors) > 0 {
		return "answer-to-come"
	}
	return "answer"
}

func presetsTitle(ctx context.Context, n int) string {
	if n == 0 {
		return i18n.T(ctx, "playground.presets")
	}
	return i18n.N(ctx, "playground.presets", n)
}

// keyHint and routeHint say what is listed when that is not all.
func (p Playground) keyHint(ctx context.Context) string {
	if p.ManyKeys {
		return i18n.T(ctx, "playground.key.hint") + ". " + i18n.T(ctx, "playground.key.many", "n", len(p.Keys))
	}
	return i18n.T(ctx, "playground.key.hint")
}

func (p Playground) routeHint(ctx context.Context) string {
	if p.ManyRoutes {
		return i18n.T(ctx, "playground.route.hint") + ". " + i18n.T(ctx, "playground.route.many")
	}
	return i18n.T(ctx, "playground.route.hint")
}
