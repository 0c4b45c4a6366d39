package admin

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

// FuzzCSV: what is read back is what was written, and no spreadsheet takes it for a formula.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"", "=1+1", " =1", "\t=1", "＝1", "-", "a,b", "a\"b", "a\nb", "'=1", "\x00=1", "\xff=1", "\u00a0=1", "+\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cell := safeCell(text)
		if cell != text && cell != "'"+text {
			t.Fatalf("%q became %q", text, cell)
		}
		if start := strings.TrimLeft(cell, " "); start != "" && strings.ContainsAny(firstRune(start), formulaStarts) {
			t.Errorf("%q may be a formula", cell)
		}
		var file bytes.Buffer
		out := csv.NewWriter(&file)
		if err := out.Write([]string{"before", cell, "after"}); err != nil {
			t.Fatal(err)
		}
		out.Flush()
		back, err := csv.NewReader(&file).Read()
		if err != nil || len(back) != 3 || back[1] != strings.ReplaceAll(cell, "\r\n", "\n") {
			t.Errorf("%q is read back as %q, %v", cell, back, err)
		}
	})
}
