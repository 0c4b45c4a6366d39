package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrel/migrations"
	"squirrel/models"
)

const (
	firstWithSums   = 4  // migrations: what they brought
	firstWithGroups = 8  // is filled in when the program starts
	firstWithDays   = 14 // and threw the groups and days of before away
)

// versionsOf are the numbers of the migrations of a dialect, but for the newest.
func versionsOf(t *testing.T, dialect migrations.Dialect) (versions []int64) {
	t.Helper()
	names, err := filepath.Glob("../../migrations/" + string(dialect) + "/*.sql")
	must(t, err)
	for _, name := range names {
		n, err := strconv.ParseInt(filepath.Base(name)[:4], 10, 64)
		must(t, err)
		if slices.Contains(versions, n) {
			t.Errorf("%s: another migration has this number", name)
		}
		versions = append(versions, n)
	}
	return versions
}

// TestMigrations_SameNumbers: both dialects have the same migrations. 0013 is a gap and has to stay one: databases that are past a
// number would refuse a migration that comes to it later.
func TestMigrations_SameNumbers(t *testing.T) {
	lite, pg := versionsOf(t, migrations.SQLite), versionsOf(t, migrations.Postgres)
	if !slices.Equal(lite, pg) {
		t.Errorf("SQLite has %v, PostgreSQL %v", lite, pg)
	}
	for i, n := range lite {
		if before := int64(i); n != before+1 && n != before+2 || n == 13 || n < 13 && n != before+1 {
			t.Errorf("migration %d stands at place %d", n, i+1)
		}
	}
}

// TestH15_UpgradeKeepsTheSums opens databases with requests and their sums as each version left them: afterwards the statistics are
// what the rows say, by whatever they are asked.
func TestH15_UpgradeKeepsTheSums(t *testing.T) {
	logs := randomLogs(mrand.New(mrand.NewPCG(31, 32)), 80, noon, 50*time.Hour)
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			source := open(t, url)
			writeEnds(t, source, logs)
			_, err := source.SumDays(t.Context(), noon.Add(40*time.Hour))
			must(t, err)
			from, dialect := rawDB(t, url)
			versions := versionsOf(t, dialect)
			for _, version := range versions[:len(versions)-1] {
				if version < firstWithSums {
					continue
				}
				old := d.url(t)
				to, _ := rawDB(t, old)
				must(t, migrations.UpTo(t.Context(), to, dialect, version))
				leaveAsOf(t, from, to, dialect, version)
				must(t, to.Close())
				checkSums(t, fmt.Sprintf("from %04d", version), open(t, old), len(logs))
			}
		})
	}
}

// TestH15_InterruptedFillGoesOn: who is ended while the sums by group are made goes on behind the last day, and no day counts twice.
func TestH15_InterruptedFillGoesOn(t *testing.T) {
	const days = 7
	logs := randomLogs(mrand.New(mrand.NewPCG(35, 36)), 100, noon, (days-1)*24*time.Hour)
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.WithoutCancel(t.Context())
		writeEnds(t, s, logs)
		for _, statement := range []string{"DELETE FROM usage_rollups WHERE series IN (SELECT id FROM usage_groups)", "DELETE FROM usage_groups"} {
			must(t, s.writer.Exec(statement).Error)
		}
		made := 0
		for _, fill := range groupFills {
			for more := true; more; made++ {
				failed := errors.New("the process ends here")
				err := s.inLogWrite(ctx, func(tx *Store) error {
					if _, err := tx.fillNext(ctx, fill); err != nil {
						return err
					}
					return failed
				})
				if !errors.Is(err, failed) {
					t.Fatal(err)
				}
				must(t, s.inLogWrite(ctx, func(tx *Store) (err error) {
					more, err = tx.fillNext(ctx, fill)
					return err
				}))
			}
		}
		if made != 2*(days+1) {
			t.Errorf("%d steps, want one for each of %d days and one to end, twice", made, days)
		}
		must(t, s.fillGroups(ctx))
		checkSums(t, "interrupted at each step", s, len(logs))
	})
}

func checkSums(t *testing.T, what string, s *Store, rows int) {
	t.Helper()
	check := func(when string, groups ...models.StatGroup) {
		t.Helper()
		for _, group := range groups {
			q := models.StatsQuery{Bucket: models.BucketDay, Location: time.UTC, Group: group}
			got, want := plain(stats(t, s, q)), fromRows(t, s, q)
			if got.Summary.RequestCount != int64(rows) || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s, by %s:\n%+v\nrows say\n%+v", what, when, group, got, want)
			}
		}
	}
	check("upgraded", models.GroupModel, models.GroupTargetModel, models.GroupProvider, models.GroupAPIKey, models.GroupUser, models.GroupClient)
	_, err := s.SumDays(t.Context(), noon.AddDate(1, 0, 0))
	must(t, err)
	check("with days", models.GroupModel, models.GroupUser)
	writeEnds(t, s, randomLogs(mrand.New(mrand.NewPCG(33, 34)), 20, noon.Add(time.Minute), time.Hour))
	rows += 20
	check("with more requests", models.GroupModel, models.GroupUser)
}

// leaveAsOf copies requests and their sums into a database of an older version, as that version would have left them.
func leaveAsOf(t *testing.T, from, to *sql.DB, dialect migrations.Dialect, version int64) {
	t.Helper()
	if dialect == migrations.Postgres {
		for day := dayOf(toMicros(noon)); day <= dayOf(toMicros(noon))+3; day++ {
			for _, table := range partitioned {
				_, err := to.ExecContext(t.Context(), fmt.Sprintf("CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%d) TO (%d)", partitionName(table, day), table, day*dayMicros, (day+1)*dayMicros))
				must(t, err)
			}
		}
	}
	copyRows(t, from, to, dialect, "request_logs", "")
	copyRows(t, from, to, dialect, "usage_series", "")
	if version >= firstWithDays {
		for _, table := range []string{"usage_rollups", "usage_groups", "usage_days"} {
			copyRows(t, from, to, dialect, table, "")
		}
		return
	}
	// Days were summed up with each request, and groups not told apart by who asked: both were made anew, whatever they said.
	copyRows(t, from, to, dialect, "usage_rollups", "WHERE series NOT IN (SELECT id FROM usage_groups)")
	if version >= firstWithGroups {
		id := "X'000102030405060708090a0b0c0d0e0f'"
		if dialect == migrations.Postgres {
			id = `'\x000102030405060708090a0b0c0d0e0f'`
		}
		for _, statement := range []string{
			"INSERT INTO usage_groups (id, dimension, key, name) VALUES (" + id + ", 'model', 'model-1', 'model-1')",
			"INSERT INTO usage_rollups SELECT grain, slot, " + id + ", requests, successes, input_tokens, output_tokens, cached_input_tokens, cost, unknown_costs, first_byte, total_time FROM usage_rollups WHERE series NOT IN (SELECT id FROM usage_series)",
		} {
			_, err := to.ExecContext(t.Context(), statement)
			must(t, err)
		}
	}
}

// copyRows copies the columns that a table has in both databases.
func copyRows(t *testing.T, from, to *sql.DB, dialect migrations.Dialect, table, where string) {
	t.Helper()
	known := columnsOf(t, from, table)
	columns := slices.DeleteFunc(columnsOf(t, to, table), func(c string) bool { return !slices.Contains(known, c) })
	rows, err := from.QueryContext(t.Context(), "SELECT "+strings.Join(columns, ", ")+" FROM "+table+" "+where)
	must(t, err)
	defer rows.Close()
	marks := make([]string, len(columns))
	for i := range marks {
		if marks[i] = "?"; dialect == migrations.Postgres {
			marks[i] = "$" + strconv.Itoa(i+1)
		}
	}
	tx, err := to.BeginTx(t.Context(), nil)
	must(t, err)
	insert, err := tx.PrepareContext(t.Context(), "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+")")
	must(t, err)
	defer insert.Close()
	copied := 0
	for rows.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		must(t, rows.Scan(to...))
		_, err := insert.ExecContext(t.Context(), values...)
		must(t, err)
		copied++
	}
	must(t, rows.Err())
	must(t, tx.Commit())
	if copied == 0 {
		t.Errorf("%s is empty", table)
	}
}

func columnsOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	must(t, rows.Err())
	return columns
}
