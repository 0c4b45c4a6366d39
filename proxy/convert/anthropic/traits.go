package anthropic

import (
	"strconv"
	"strings"

	"squirrel/proxy/llm"
)

// traits are what is known of a Claude model by its version: newer ones answer 400 to parameters that older ones need, which a
// client of another protocol can't know (platform.claude.com, the migration guides). Names without a version say nothing; they
// belong to other vendors that copy the API.
type traits struct{ major, minor int }

// traitsOf reads names like claude-opus-4-7, claude-3-7-sonnet-latest, anthropic/claude-sonnet-4.5 and
// us.anthropic.claude-haiku-4-5-20251001-v1:0.
func traitsOf(model string) traits {
	_, name, isClaude := strings.Cut(model, "claude-")
	if !isClaude {
		return traits{}
	}
	var version []int
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '.' || r == '@' }) {
		n, err := strconv.Atoi(word)
		if err != nil && len(version) > 0 {
			break
		}
		if err == nil && n < 100 { // a date is none
			version = append(version, n)
		}
	}
	version = append(version, 0, 0)
	return traits{version[0], version[1]}
}

func (t traits) atLeast(major, minor int) bool {
	return t.major > major || t.major == major && t.minor >= minor
}

// adaptive: the model decides itself how much to think, guided by an effort; budgets are deprecated, later refused.
func (t traits) adaptive() bool { return t.atLeast(4, 6) }

// noSampling: temperature, top_p and top_k are refused.
func (t traits) noSampling() bool { return t.atLeast(4, 7) }

// oneSampling: temperature and top_p are refused together.
func (t traits) oneSampling() bool { return t.atLeast(4, 1) }

// hidesThinking: the text of the thinking is left out unless it is asked for.
func (t traits) hidesThinking() bool { return t.atLeast(4, 7) }

// thinksByDefault: a request that does not speak of thinking gets it.
func (t traits) thinksByDefault() bool { return t.atLeast(5, 0) }

// alwaysThinks: thinking can't be switched off, and so no tool can be forced.
func (t traits) alwaysThinks() bool { return t.atLeast(5, 1) }

// effort is the nearest effort that the model has.
func (t traits) effort(wanted string) string {
	switch {
	case wanted == "minimal":
		return "low"
	case wanted == "xhigh" && !t.atLeast(4, 7):
		return "max"
	}
	return wanted
}

// NeedsNativeSchema reports whether a structured answer can't be had from the model by forcing it to call a tool.
func NeedsNativeSchema(model string) bool { return traitsOf(model).alwaysThinks() }

// planThinking settles how much the model is asked to think by a request of another protocol.
func (e *requestEncoder) planThinking() {
	r, t := e.r, traitsOf(e.opt.Model)
	if t.alwaysThinks() && r.ToolChoice.Forced() {
		e.drops.Add("tool_choice", "the model always thinks, and can't be forced to call a tool meanwhile")
		r.ToolChoice = llm.ToolChoice{Mode: llm.ChoiceAuto}
	}
	wanted := r.Reasoning.Wanted()
	off := r.Reasoning.Off()
	switch {
	case off && t.alwaysThinks():
		e.effort = "low"
		e.drops.Add(r.EffortName(), "the model always thinks; its lowest effort was sent")
	case off && t.adaptive() && !t.thinksByDefault(): // off is what it is unless told otherwise
	case off, !wanted && t.thinksByDefault() && r.ToolChoice.Forced():
		e.mode = llm.ThinkingDisabled
	case !wanted:
	case r.ToolChoice.Forced():
		e.drops.Add(r.EffortName(), "thinking and a forced tool choice exclude each other")
		if t.thinksByDefault() {
			e.mode = llm.ThinkingDisabled
		}
	case e.loopWithoutThinking() && !t.adaptive():
		e.drops.Add(r.EffortName(), "the tool calls in the history come without the thinking that led to them")
	case t.adaptive():
		e.mode, e.effort = llm.ThinkingAdaptive, t.effort(e.adaptiveEffort())
		if t.hidesThinking() && (r.From == llm.Chat || r.Reasoning.Summary != "") {
			r.Reasoning.Display = "summarized"
		}
	default:
		e.mode, e.budget = llm.ThinkingEnabled, r.Reasoning.AsBudget()
		e.fitBudget()
	}
}

// fitBudget makes room for the thinking: the limit of the output, which includes it, is raised as far as the model goes, and then the
// budget gives way.
func (e *requestEncoder) fitBudget() {
	if e.maxTokens <= e.budget {
		e.maxTokens += e.budget
	}
	most := e.opt.MaxOutput
	if most <= 0 || e.maxTokens <= most {
		return
	}
	e.maxTokens = most
	if e.budget >= most {
		e.budget = max(most/2, minBudget)
	}
}

// minBudget is the smallest budget the API takes.
const minBudget = 1024

// adaptiveEffort is the wanted effort in Anthropic's words; "" leaves it to the model.
func (e *requestEncoder) adaptiveEffort() string {
	if e.r.Reasoning.Effort != "" {
		return e.r.Reasoning.Effort
	}
	return e.r.Reasoning.AsEffort()
}

// fitSampling takes out what the model would refuse, and notes all but defaults.
func (e *requestEncoder) fitSampling() {
	r, t := e.r, traitsOf(e.opt.Model)
	if t.noSampling() {
		for name, value := range map[string]*llm.Number{"temperature": &r.Temperature, "top_p": &r.TopP, "top_k": &r.TopK} {
			if *value != "" && *value != "1" && *value != "1.0" {
				e.drops.Add(name, "the model takes none")
			}
			*value = ""
		}
	}
	if t.oneSampling() && r.Temperature != "" && r.TopP != "" {
		e.drops.Add("top_p", "the model takes it only without a temperature")
		r.TopP = ""
	}
}
