package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "squirrel"

// mayImport lists, for each package, the packages of this module it may import: arrows point downwards only. A package that
// is missing here fails the test; add it with a purpose in docs/architecture.md.
var mayImport = map[string]string{
	"":                        "app app/config app/demo proxy/simulator",
	"app":                     "app/admin app/api app/auth app/config app/web jobs migrations models models/prices models/store proxy proxy/edge proxy/limits proxy/probe proxy/reqlog proxy/sse proxy/tokens proxy/tracing proxy/upstream routing routing/health routing/rules static",
	"app/admin":               "models models/store models/prices proxy/body routing/rules",
	"app/api":                 "app/admin app/auth models",
	"app/apptest":             "models proxy/simulator",
	"app/auth":                "models",
	"app/config":              "",
	"app/demo":                "app app/config models models/store proxy/simulator",
	"app/web":                 "app/admin app/auth models routing/rules static views/layout views/pages views/ui views/i18n",
	"bench":                   "app app/config models models/store proxy/simulator",
	"bench/logs":              "models models/prices models/store",
	"bench/pages":             "app models",
	"faults":                  "",
	"jobs":                    "models",
	"migrations":              "",
	"models":                  "",
	"models/prices":           "models",
	"models/store":            "models migrations",
	"models/store/pgtest":     "",
	"proxy":                   "models proxy/body proxy/convert proxy/edge proxy/form proxy/limits proxy/llm proxy/reqlog proxy/sse proxy/tap proxy/tokens proxy/upstream routing routing/health routing/rules",
	"proxy/body":              "models",
	"proxy/convert/wire":      "proxy/llm",
	"proxy/convert":           "models proxy/convert/wire proxy/convert/anthropic proxy/convert/openai proxy/convert/responses proxy/llm proxy/sse",
	"proxy/convert/anthropic": "models proxy/body proxy/convert/wire proxy/llm proxy/sse",
	"proxy/convert/openai":    "models proxy/body proxy/convert/wire proxy/llm proxy/sse",
	"proxy/convert/responses": "models proxy/body proxy/convert/openai proxy/convert/wire proxy/llm proxy/sse",
	"proxy/edge":              "",
	"proxy/form":              "",
	"proxy/limits":            "models",
	"proxy/llm":               "models",
	"proxy/probe":             "models proxy/upstream",
	"proxy/reqlog":            "models",
	"proxy/simulator":         "models proxy/simulator/answers",
	"proxy/simulator/answers": "models",
	"proxy/sse":               "",
	"proxy/tap":               "models proxy/sse",
	"proxy/tokens":            "models proxy/llm",
	"proxy/tracing":           "models",
	"proxy/upstream":          "models proxy/sse",
	"routing":                 "models routing/health routing/rules routing/strategy",
	"routing/health":          "models",
	"routing/rules":           "models",
	"routing/strategy":        "models",
	"static":                  "",
	"views/i18n":              "",
	"views/layout":            "models static views/i18n views/ui",
	"views/pages":             "models views/i18n views/layout views/ui",
	"views/ui":                "models static views/i18n",
}

// onlyIn lists third-party modules that are kept to a few packages.
var onlyIn = map[string][]string{
	"gorm.io/":                      {"models/store", "migrations", "app"},
	"github.com/glebarez/sqlite":    {"models/store", "app"},
	"github.com/gofiber/fiber/":     {"app", "app/api", "app/auth", "app/web", "proxy"},
	"github.com/valyala/fasthttp":   {"app", "app/api", "app/auth", "app/web", "proxy"},
	"github.com/a-h/templ":          {"app/web", "views/layout", "views/pages", "views/ui"},
	"github.com/pkoukk/tiktoken-go": {"proxy/tokens"},
	"go.opentelemetry.io/":          {"proxy/tracing"},
}

func TestImportsPointDownwards(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(pkg.ImportPath, module), "/")
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("package %q is not in the layout table", name)
		}
		for _, imported := range pkg.Imports {
			checkImport(t, name, imported, strings.Fields(allowed))
		}
	}
}

func checkImport(t *testing.T, name, imported string, allowed []string) {
	t.Helper()
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		if !slices.Contains(allowed, own) {
			t.Errorf("%s must not import %s", name, own)
		}
		return
	}
	for prefix, who := range onlyIn {
		if strings.HasPrefix(imported, prefix) && !slices.Contains(who, name) {
			t.Errorf("%s must not import %s", name, imported)
		}
	}
}
