package app

import (
	"squirrel/app/config"
	"squirrel/app/web"
)

// effective lists the configuration for its page: the values in effect, secrets hidden, and where they come from.
func effective(cfg config.Config) []web.Setting {
	meaning := map[string]config.Setting{}
	for _, s := range config.Settings() {
		meaning[s.Name] = s
	}
	lines := cfg.Effective()
	list := make([]web.Setting, len(lines))
	for i, line := range lines {
		s := meaning[line.Name]
		list[i] = web.Setting{Name: line.Name, Value: line.Value, Default: s.Default, Unit: s.Unit, Meaning: s.Meaning, Source: string(line.Source)}
	}
	return list
}
