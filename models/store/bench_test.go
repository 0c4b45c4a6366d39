package store

import (
	"bytes"
	mrand "math/rand/v2"
	"syscall"
	"testing"
	"time"

	"squirrel/models"
)

// reportCPU reports the processor time of the whole process: it holds on a machine that others use, too.
func reportCPU(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	b.ReportAllocs()
	b.ResetTimer()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op") }
}

// BenchmarkWriteLogs is one request: its begin and, in a later batch, its end with an attempt and bodies of 2 KB.
func BenchmarkWriteLogs(b *testing.B) {
	for _, d := range dialects {
		b.Run(d.name, func(b *testing.B) {
			s := open(b, d.url(b))
			body := bytes.Repeat([]byte(`{"role":"user","content":"Tell me something new."},`), 40)
			begins, ends := make([]models.LogWrite, b.N), make([]models.LogWrite, b.N)
			for i := range begins {
				l := finished(noon.Add(time.Duration(i) * time.Millisecond))
				begins[i], ends[i] = begin(l), end(l)
				begins[i].Detail.RequestBody, ends[i].Detail.RequestBody, ends[i].Detail.ResponseBody = body, body, body
			}
			defer reportCPU(b)()
			for at := 0; at < b.N; at += 50 {
				to := min(at+50, b.N)
				write(b, s, begins[at:to]...)
				write(b, s, ends[at:to]...)
			}
		})
	}
}

// BenchmarkWriteLogs_Merged is the same when begin and end are in one batch.
func BenchmarkWriteLogs_Merged(b *testing.B) {
	for _, d := range dialects {
		b.Run(d.name, func(b *testing.B) {
			s := open(b, d.url(b))
			body := bytes.Repeat([]byte(`{"role":"user","content":"Tell me something new."},`), 40)
			ends := make([]models.LogWrite, b.N)
			for i := range ends {
				l := finished(noon.Add(time.Duration(i) * time.Millisecond))
				ends[i] = end(l)
				ends[i].Detail.RequestBody, ends[i].Detail.ResponseBody, ends[i].Whole = body, body, true
			}
			defer reportCPU(b)()
			for at := 0; at < b.N; at += 50 {
				write(b, s, ends[at:min(at+50, b.N)]...)
			}
		})
	}
}

// BenchmarkListLogs is the first page of the list with the total, over 100,000 requests of 30 days.
func BenchmarkListLogs(b *testing.B) {
	const rows, month = 100_000, 30 * 24 * time.Hour
	for _, d := range dialects {
		s := open(b, d.url(b))
		writeEnds(b, s, randomLogs(mrand.New(mrand.NewPCG(19, 20)), rows, noon, month))
		lastDay := noon.Add(month - 24*time.Hour)
		for name, filter := range map[string]models.LogFilter{
			"all":              {},
			"day_model_failed": {Start: &lastDay, RequestedModel: "model-3", Statuses: []models.StatusRange{{Min: 500, Max: 599}}},
			"key_model_fine":   {APIKeyID: ptr(int64(3)), RequestedModel: "model-2", Statuses: []models.StatusRange{{Min: 200, Max: 299}}},
			"rare":             {TotalTimeMin: ptr(15000.0), RequestedModel: "model-1", UserID: "user-3"},
		} {
			b.Run(d.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					_, err := s.ListLogs(b.Context(), models.LogPage{Filter: filter, PageSize: 50})
					must(b, err)
				}
			})
		}
		b.Run(d.name+"/stats", func(b *testing.B) {
			for b.Loop() {
				stats(b, s, models.StatsQuery{Bucket: models.BucketDay, Group: models.GroupModel})
			}
		})
	}
}
