package faults

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"squirrel/app/apptest"
)

const badConfiguration = 78

// TestF11_H14_BadConfiguration starts the gateway with settings it can't run with. It ends at once with status 78 and says
// what is wrong in one line that names the variable, and no secret.
func TestF11_H14_BadConfiguration(t *testing.T) {
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	notADatabase := file("text.db", strings.Repeat("this is no database. ", 500))
	const secret = "canary-secret-7Yq2"
	for _, c := range []struct {
		name     string
		environ  []string
		variable string
	}{
		{"F11 only a user name", []string{"ADMIN_PASSWORD="}, "ADMIN_PASSWORD"},
		{"F11 only a password", []string{"ADMIN_USERNAME=", "ADMIN_PASSWORD=" + secret}, "ADMIN_USERNAME"},
		{"no number", []string{"PORT=http"}, "PORT"},
		{"no hour", []string{"LOG_CLEANUP_HOUR=24"}, "LOG_CLEANUP_HOUR"},
		{"no time zone", []string{"REPORTING_TZ=Mars/Olympus"}, "REPORTING_TZ"},
		{"no list of networks", []string{"TRUSTED_PROXIES=10.0.0.0/99"}, "TRUSTED_PROXIES"},
		{"no key", []string{"ENCRYPTION_KEY=" + secret}, "ENCRYPTION_KEY"},
		{"data directory below a file", []string{"DATA_DIR=" + file("plain", "") + "/data"}, "DATA_DIR"},
		{"data directory that can't be written", []string{"DATA_DIR=/proc/squirrel"}, "DATA_DIR"},
		{"no kind of database", []string{"DATABASE_URL=mysql://root:" + secret + "@localhost/x"}, "DATABASE_URL"},
		{"contradicting kinds", []string{"DATABASE_TYPE=postgresql", "DATABASE_URL=sqlite:///x.db"}, "DATABASE_TYPE"},
		{"no PostgreSQL URL", []string{"DATABASE_TYPE=postgresql", "DATABASE_URL=postgresql://u:" + secret + "@host:port/x"}, "DATABASE_URL"},
		{"database in memory", []string{"DATABASE_URL=sqlite:///:memory:"}, "DATABASE_URL"},
		{"database in a directory that can't be", []string{"DATABASE_URL=sqlite:////proc/squirrel/x.db"}, "DATABASE_URL"},
		{"a file that is no database", []string{"DATABASE_URL=sqlite:///" + notADatabase}, "DATABASE_URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProcess(t, c.environ...)
			status, printed := p.once(2*time.Second, "serve")
			if status != badConfiguration {
				t.Errorf("exit status %d, want %d", status, badConfiguration)
			}
			var complaint []string
			for _, line := range lines(printed) {
				if !json.Valid([]byte(line)) { // not of the log
					complaint = append(complaint, line)
				}
			}
			if len(complaint) != 1 || !strings.HasPrefix(complaint[0], c.variable+": ") || strings.Contains(printed, secret) {
				t.Errorf("printed:\n%s", printed)
			}
		})
	}
}

// TestH14_AllProblemsAtOnce names every wrong value, one line each.
func TestH14_AllProblemsAtOnce(t *testing.T) {
	p := newProcess(t, "PORT=x", "RETRY_MAX_ATTEMPTS=0", "PROVIDER_NETWORK=moon")
	status, printed := p.once(2*time.Second, "serve")
	if status != badConfiguration || len(lines(printed)) != 3 {
		t.Errorf("status %d:\n%s", status, printed)
	}
}

// TestH14_DatabaseServerAway is no wrong configuration: a service manager should try again.
func TestH14_DatabaseServerAway(t *testing.T) {
	p := newProcess(t, "DATABASE_TYPE=postgresql", "DATABASE_URL=postgresql://squirrel:canary-secret-7Yq2@127.0.0.1:"+freePort(t)+"/x")
	status, printed := p.once(4*time.Second, "serve")
	if status != 1 || strings.Contains(printed, "canary-secret") || !strings.Contains(printed, "squirrel: open the database") {
		t.Errorf("status %d:\n%s", status, printed)
	}
}

// TestH14_PortInUse ends with a clear line, and leaves the data as it was.
func TestH14_PortInUse(t *testing.T) {
	p := newProcess(t)
	l, err := net.Listen("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if status, printed := p.once(4*time.Second, "serve"); status != 1 || !strings.Contains(printed, "address already in use") {
		t.Errorf("status %d:\n%s", status, printed)
	}
	l.Close()
	p.startReady()
}

// TestG09_WrongKey starts a gateway with another encryption key than the one its database was written with, or with none.
func TestG09_WrongKey(t *testing.T) {
	sim := newSimulator(t)
	p := newProcess(t)
	seeded(t, p, sim)
	p.terminate()
	keyFile := filepath.Join(p.dir, "data", "secret.key")
	right, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	other := base64.StdEncoding.EncodeToString([]byte("another-key-of-thirty-two-bytes!"))
	refused := func(what string) {
		t.Helper()
		status, printed := p.once(2*time.Second, "serve")
		if status != badConfiguration || !strings.Contains(printed, "ENCRYPTION_KEY: ") || strings.Contains(printed, other) || strings.Contains(printed, strings.TrimSpace(string(right))) {
			t.Errorf("%s: status %d:\n%s", what, status, printed)
		}
	}
	before := sim.Ledger().Total()
	p.set("ENCRYPTION_KEY=" + other)
	refused("another key")
	p.set("ENCRYPTION_KEY=")
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	refused("a lost key")
	if sim.Ledger().Total() != before {
		t.Error("a provider was called")
	}
	p.set("ENCRYPTION_KEY=" + strings.TrimSpace(string(right)))
	p.startReady()
	if _, err := p.login().AddKey(t.Context(), "after all"); err != nil {
		t.Error(err)
	}
}

var setupToken = regexp.MustCompile(`(?m)^  ([0-9a-f]{32})$`)

// TestF10_SetupToken starts a gateway without an administrator: it prints a token for the first account, to the terminal and
// not to the log, and another one at the next start. /v1 is closed all the same.
func TestF10_SetupToken(t *testing.T) {
	p := newProcess(t, "ADMIN_USERNAME=", "ADMIN_PASSWORD=")
	var seen []string
	for range 2 {
		p.startReady()
		found := setupToken.FindAllStringSubmatch(p.log(), -1)
		if len(found) != len(seen)+1 {
			t.Fatalf("%d tokens after %d starts:\n%s", len(found), len(seen)+1, p.log())
		}
		seen = append(seen, found[len(found)-1][1])
		for _, line := range lines(p.log()) {
			if strings.HasPrefix(line, "{") && strings.Contains(line, seen[len(seen)-1]) {
				t.Errorf("the token is in the log: %s", line)
			}
		}
		if a := apptest.Do(t.Context(), http.DefaultClient, p.url, "", apptest.Call{ID: "x", Path: apptest.Chat, Model: "m"}, nil); a.Status != 401 {
			t.Errorf("/v1 without a key: %d", a.Status)
		}
		p.terminate()
	}
	if seen[0] == seen[1] {
		t.Error("the token of the second start is that of the first")
	}
}
