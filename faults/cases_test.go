package faults

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	inName    = regexp.MustCompile(`^(?:Test|Fuzz)((?:_?[A-J]\d\d(?:to[A-J]\d\d)?)+)_`)
	inSubtest = regexp.MustCompile(`^([A-J]\d\d)[ _]`)
	caseID    = regexp.MustCompile(`([A-J])(\d\d)(?:to[A-J](\d\d))?`)
)

// TestCasesHaveTests holds the list of faults and attacks in cases.txt against the names of the tests: each case is tested under
// its number, and no test has a number that is not on the list.
func TestCasesHaveTests(t *testing.T) {
	tested := testedCases(t, "..")
	listed := map[string]bool{}
	file, err := os.Open("cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	covered := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		open := strings.HasPrefix(line, "- ")
		id, what, _ := strings.Cut(strings.TrimPrefix(line, "- "), " ")
		listed[id] = true
		switch {
		case open && len(tested[id]) > 0:
			t.Logf("%s is listed as untested, but is tested in %s: take its dash away", id, tested[id][0])
		case !open && len(tested[id]) == 0:
			t.Errorf("%s has no test: %s", id, what)
		case !open:
			covered++
		}
	}
	for id, names := range tested {
		if !listed[id] {
			t.Errorf("%s is not on the list: %v", id, names)
		}
	}
	t.Logf("%d of %d cases have tests", covered, len(listed))
}

// testedCases finds the numbers of cases in the names of tests, fuzz targets and subtests below a directory.
func testedCases(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	add := func(text, name string) {
		for _, m := range caseID.FindAllStringSubmatch(text, -1) {
			first, _ := strconv.Atoi(m[2])
			last := first
			if m[3] != "" {
				last, _ = strconv.Atoi(m[3])
			}
			for n := first; n <= last; n++ {
				id := m[1] + strconv.Itoa(n/10) + strconv.Itoa(n%10)
				found[id] = append(found[id], name)
			}
		}
	}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && slices.Contains([]string{".git", "node_modules", "testdata"}, entry.Name()) {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range parsed.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil {
				if m := inName.FindStringSubmatch(f.Name.Name); m != nil {
					add(m[1], f.Name.Name)
				}
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				if m := inSubtest.FindStringSubmatch(strings.Trim(text.Value, "\"`")); m != nil {
					add(m[1], text.Value)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
