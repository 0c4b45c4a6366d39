package store

import (
	"bytes"
	"testing"
	"time"

	"squirrel/models"
)

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
			b.ReportAllocs()
			b.ResetTimer()
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
				ends[i].Detail.RequestBody, ends[i].Detail.ResponseBody = body, body
			}
			b.ReportAllocs()
			b.ResetTimer()
			for at := 0; at < b.N; at += 50 {
				write(b, s, ends[at:min(at+50, b.N)]...)
			}
		})
	}
}
