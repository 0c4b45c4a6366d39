package prices

import (
	"regexp"
	"strings"

	"squirrel/models"
)

// Lookup finds the entry of a target model: by its name as it is, then without what hosts put before it (vendor and
// account paths, Bedrock's "us.anthropic."), then without a date, "-latest", or Bedrock's and Vertex AI's versions. A name
// with a variant after a colon (":free", a fine-tuned model) is not found: its price is another one.
func (c *Catalogue) Lookup(target string) (Entry, bool) {
	for _, name := range candidates(target) {
		if i, found := c.byName[name]; found {
			return c.entries[i], true
		}
	}
	return Entry{}, false
}

// Prices is Lookup for callers that want nothing but the price.
func (c *Catalogue) Prices(target string) (models.Prices, bool) {
	e, found := c.Lookup(target)
	return e.Prices, found
}

// vendors are those whose own prices count before what other hosts of the same models charge.
var vendors = map[string]bool{
	"openai": true, "anthropic": true, "google": true, "deepseek": true, "mistral": true, "xai": true,
	"moonshot": true, "qwen": true, "zai": true, "cohere": true, "groq": true,
}

// vendorNames are other lists' names for them.
var vendorNames = map[string]string{
	"gemini": "google", "dashscope": "qwen", "alibaba": "qwen", "moonshotai": "moonshot", "x-ai": "xai", "z-ai": "zai",
	"mistralai": "mistral", "cohere_chat": "cohere", "text-completion-openai": "openai",
}

// index fills byName: exact names before names with a vendor, vendors before other hosts, and all of them before
// shortened names. Among equals the earlier entry counts, except that of dated names the newest does.
func (c *Catalogue) index() {
	c.byName = make(map[string]int, 2*len(c.entries))
	put := func(name string, i int) {
		if _, taken := c.byName[name]; !taken {
			c.byName[name] = i
		}
	}
	for _, vendor := range []bool{true, false} {
		for _, key := range []func(Entry) string{
			func(e Entry) string { return e.Model },
			func(e Entry) string { return e.Vendor + "/" + e.Model },
		} {
			for i, e := range c.entries {
				if vendors[e.Vendor] == vendor {
					put(normalise(key(e)), i)
				}
			}
		}
	}
	newest := map[string]int{}
	for i, e := range c.entries {
		name := normalise(e.Model)
		put(lastPart(name), i)
		if short := undated(name); short != name {
			if j, found := newest[short]; !found || c.entries[j].Model < e.Model {
				newest[short] = i
			}
		}
	}
	for short, i := range newest {
		put(short, i)
	}
}

// candidates lists the names to look for, the most specific first.
func candidates(target string) []string {
	full := normalise(target)
	if strings.Contains(full, ":") {
		return nil
	}
	names := []string{full}
	for rest := full; ; {
		_, after, found := strings.Cut(rest, "/")
		if !found {
			break
		}
		rest = after
		names = append(names, rest)
	}
	last := names[len(names)-1]
	if plain := withoutHost(last); plain != last {
		names = append(names, plain)
		last = plain
	}
	for short := undated(last); short != last; short = undated(last) {
		names = append(names, short)
		last = short
	}
	return names
}

// normalise makes spellings equal: case, dots and dashes in version numbers, Vertex AI's "@20250929", Azure's "gpt-35".
func normalise(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	name = bedrockVersion.ReplaceAllString(name, "")
	name = hostDots.ReplaceAllString(name, "$1/")
	name = strings.NewReplacer(".", "-", "@", "-").Replace(name)
	return strings.Replace(name, "gpt-35", "gpt-3-5", 1)
}

var (
	// bedrockVersion is the end of Amazon's names: anthropic.claude-sonnet-4-5-20250929-v1:0, openai.gpt-oss-120b-1:0.
	bedrockVersion = regexp.MustCompile(`-v?\d+:\d+(:\d+k)?$`)
	// hostDots is what Amazon puts before a vendor's name: a region or routing scope, and the vendor.
	hostDots = regexp.MustCompile(`^(?:.*/)?(?:[a-z-]{2,8}\.)?(anthropic|meta|mistral|cohere|deepseek|qwen|openai|moonshot|moonshotai|zai|google)\.`)
	// dateSuffix is what names of snapshots end with, and the name of whatever is newest.
	dateSuffix = regexp.MustCompile(`-(20\d{2}-\d{2}-\d{2}|20\d{6}|latest)$`)
)

func undated(name string) string { return dateSuffix.ReplaceAllString(name, "") }

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// withoutHost strips a vendor that some hosts join with a dash or a double dash: databricks-, azure--.
func withoutHost(name string) string {
	for _, host := range []string{"databricks-", "azure-", "vertex-"} {
		if rest, found := strings.CutPrefix(name, host); found {
			return rest
		}
	}
	return name
}
