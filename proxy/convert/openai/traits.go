package openai

import (
	"strconv"
	"strings"

	"squirrel/proxy/llm"
)

// Traits are what is known of a model by its name: OpenAI answers 400 to parameters that a model does not take, which a client of
// another protocol can't know. Of names nobody knows, nothing is assumed.
type Traits struct {
	openAI       bool
	plain        bool // of OpenAI, never reasons
	reasons      bool // of OpenAI, reasons unless told not to
	oSeries      bool
	major, minor int
	name         string
	dialect      dialect
}

// dialect is how a vendor's model is told to think, where reasoning_effort alone does not do it.
type dialect int

const (
	noSwitch       dialect = iota
	thinkingObject         // thinking:{type}
	enableThinking         // enable_thinking
)

// dialects are those of vendors that serve their models under bare names. With a vendor before it, a name belongs to somebody who
// serves many, and who may refuse what he does not know.
var dialects = []struct {
	prefix  string
	dialect dialect
}{
	{"glm-", thinkingObject}, {"kimi-k2.", thinkingObject}, {"deepseek-", thinkingObject}, {"doubao-", thinkingObject},
	{"qwen", enableThinking}, {"qwq", enableThinking},
}

func dialectOf(model string) dialect {
	for _, d := range dialects {
		if strings.HasPrefix(model, d.prefix) && !strings.Contains(model, "/") {
			return d.dialect
		}
	}
	return noSwitch
}

// TraitsOf recognises a model by name, with or without a vendor prefix.
func TraitsOf(model string) Traits {
	name := model[strings.LastIndexByte(model, '/')+1:]
	t := Traits{name: name, dialect: dialectOf(model)}
	switch version, isGPT := strings.CutPrefix(name, "gpt-"); {
	case strings.HasPrefix(name, "gpt-oss"):
	case reasoner(name):
		t.openAI, t.reasons, t.oSeries = true, true, true
	case strings.HasPrefix(name, "chatgpt-"):
		t.openAI, t.plain = true, true
	case isGPT:
		t.openAI = true
		t.major, t.minor = versionOf(version)
		t.plain = t.major < 5 || strings.Contains(name, "-chat")
		t.reasons = !t.plain
	}
	return t
}

// reasoner recognises o1, o3, o4-mini and their like.
func reasoner(name string) bool {
	return len(name) >= 2 && name[0] == 'o' && name[1] >= '1' && name[1] <= '9' && (len(name) == 2 || name[2] == '-')
}

// versionOf reads "5", "5.1-codex" or "4o".
func versionOf(text string) (major, minor int) {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		text = text[:end]
	}
	first, second, _ := strings.Cut(text, ".")
	major, _ = strconv.Atoi(first)
	minor, _ = strconv.Atoi(second)
	return major, minor
}

// NeverReasons reports whether the model is one that is known not to reason.
func (t Traits) NeverReasons() bool { return t.plain }

func (t Traits) atLeast(major, minor int) bool {
	return t.major > major || t.major == major && t.minor >= minor
}

// Effort returns the effort to ask for, "" for none, and what has to be said about it when it is not the wanted one.
func (t Traits) Effort(wanted string) (effort, note string) {
	switch {
	case wanted == "":
		return "", ""
	case t.plain && wanted == "none":
		return "", "" // which is what it does
	case t.plain:
		return "", "the model does not reason"
	}
	effort = wanted
	switch {
	case wanted == "none" && t.reasons && !t.atLeast(5, 1):
		effort = t.lowest()
	case wanted == "minimal" && (t.oSeries || t.atLeast(5, 1) || strings.HasPrefix(t.name, "gpt-oss")):
		effort = "low"
	case wanted == "xhigh" && !t.takesXHigh():
		effort = "high"
	}
	if effort != wanted {
		note = "the model has no effort " + wanted + "; " + effort + " was sent"
	}
	return effort, note
}

func (t Traits) lowest() string {
	if t.oSeries {
		return "low"
	}
	return "minimal"
}

// takesXHigh is false for the models that are known to stop at high.
func (t Traits) takesXHigh() bool {
	if t.reasons {
		return t.atLeast(5, 2) || strings.Contains(t.name, "codex-max")
	}
	return !strings.HasPrefix(t.name, "gpt-oss") && !strings.HasPrefix(t.name, "gemini-")
}

// Samples reports whether the model takes temperature, top_p, penalties and stop sequences when it is asked for an effort.
func (t Traits) Samples(effort string) bool {
	return !t.reasons || t.atLeast(5, 1) && effort == "none"
}

// WithoutSampling takes out of r what the model would refuse, and notes all but defaults. names are the parameters in the words of
// the request's own protocol.
func (t Traits) WithoutSampling(r *llm.Request, drops *llm.Drops) {
	effort, _ := t.Effort(r.Reasoning.AsEffort())
	if t.Samples(effort) {
		return
	}
	stop := "stop"
	if r.From == llm.Messages {
		stop = "stop_sequences"
	}
	for name, value := range map[string]*llm.Number{
		"temperature": &r.Temperature, "top_p": &r.TopP, "frequency_penalty": &r.FrequencyPenalty, "presence_penalty": &r.PresencePenalty,
	} {
		if *value != "" && !isDefault(name, *value) {
			drops.Add(name, "a reasoning model takes none")
		}
		*value = ""
	}
	if len(r.Stop) > 0 {
		drops.Add(stop, "a reasoning model takes none")
		r.Stop = nil
	}
}

// isDefault reports whether leaving a parameter out changes nothing.
func isDefault(name string, value llm.Number) bool {
	f, err := strconv.ParseFloat(string(value), 64)
	if name == "temperature" || name == "top_p" {
		return err == nil && f == 1
	}
	return err == nil && f == 0
}
