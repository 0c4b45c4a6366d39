package reqlog

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// fill sets every field of v to something that is not zero, so that a forgotten field is noticed.
func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(*n, 5).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(strings.Repeat("blob ", int(*n))))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.String:
		v.SetString(strings.Repeat("x", int(*n%50)+1))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Uint8:
		v.SetUint(uint64(models.WriteEnd))
	default:
		v.SetInt(-*n)
	}
}

func encodeOne(t testing.TB, w models.LogWrite) *record {
	t.Helper()
	enc, err := newEncoder(func() time.Time { return testTime })
	must(t, err)
	rec, err := enc.encode(&w, true)
	must(t, err)
	return rec
}

func payloadOf(rec *record) []byte {
	return append(bytes.Clone(rec.buf[recordHeaderSize:]), bytes.Join(rec.ext, nil)...)
}

func TestPayloadKeepsEveryField(t *testing.T) {
	var w models.LogWrite
	var n int64
	fill(reflect.ValueOf(&w).Elem(), &n)
	w.Kind = models.WriteEnd
	w.Whole = false // the shipper finds out
	dec, err := newDecoder()
	must(t, err)
	got, written, err := dec.decode(w.Kind, payloadOf(encodeOne(t, w)))
	must(t, err)
	if !reflect.DeepEqual(got, w) {
		a, _ := json.MarshalIndent(got, "", " ")
		b, _ := json.MarshalIndent(w, "", " ")
		t.Errorf("got  %s\nwant %s", a, b)
	}
	if !written.Equal(testTime) {
		t.Errorf("written = %v", written)
	}
}

func TestPayloadBlobs(t *testing.T) {
	random := make([]byte, 200<<10)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(random)
	text := []byte(strings.Repeat(`{"role":"user","content":"hello there"},`, 6000))
	tests := map[string]models.LogDetail{
		"empty is not nil":    {RequestBody: []byte{}, ResponseBody: nil},
		"small":               {RequestBody: []byte("a"), ResponseBody: []byte("b")},
		"compressed":          {RequestBody: text, UpstreamBody: text[:2000]},
		"large and random":    {RequestBody: random, ResponseBody: random[:40<<10]},
		"random before small": {RequestBody: random, UpstreamBody: []byte("u"), ResponseBody: text, StreamEvents: random[:1500]},
		"only external":       {UpstreamResponse: random},
	}
	dec, err := newDecoder()
	must(t, err)
	for name, detail := range tests {
		t.Run(name, func(t *testing.T) {
			w := begin("a")
			w.Detail = &detail
			rec := encodeOne(t, w)
			got, _, err := dec.decode(w.Kind, payloadOf(rec))
			must(t, err)
			if !reflect.DeepEqual(*got.Detail, detail) {
				t.Error("the bodies differ")
			}
			if name == "compressed" && rec.size() > int64(len(text)/10) {
				t.Errorf("%d bytes for %d", rec.size(), len(text))
			}
			rec.release()
		})
	}
}

func TestPayloadOfOtherVersions(t *testing.T) {
	rec := encodeOne(t, begin("a"))
	dec, err := newDecoder()
	must(t, err)
	payload := payloadOf(rec)
	for n := range len(payload) {
		if _, _, err := dec.decode(models.WriteBegin, payload[:n]); err == nil && n < 10 {
			t.Errorf("a payload cut to %d bytes was accepted", n)
		}
	}
	if _, _, err := dec.decode(9, payload); err == nil {
		t.Error("an unknown kind was accepted")
	}

	older := coder{}
	short := struct{ id string }{"old"}
	section(&older, &short, func(c *coder, v *struct{ id string }) { text(c, &v.id) })
	var l models.RequestLog
	reader := coder{in: string(older.out), reading: true}
	section(&reader, &l, codeLog)
	if reader.err != nil || l.ID != "old" || l.TotalCost != nil {
		t.Errorf("an older record reads as %+v, %v", l, reader.err)
	}

	var newer coder
	full := models.RequestLog{ID: "new", State: models.LogDone}
	section(&newer, &full, func(c *coder, l *models.RequestLog) { codeLog(c, l); extra := "later field"; text(c, &extra) })
	reader = coder{in: string(newer.out) + "\x01", reading: true}
	section(&reader, &l, codeLog)
	if reader.err != nil || l.ID != "new" || l.State != models.LogDone || reader.in != "\x01" {
		t.Errorf("a newer record reads as %+v, %v", l, reader.err)
	}
}

func TestRecordTooLarge(t *testing.T) {
	enc, err := newEncoder(time.Now)
	must(t, err)
	huge := make([]byte, maxRecord+1)
	_, _ = rand.NewChaCha8([32]byte{}).Read(huge)
	w := end("a")
	w.Detail.ResponseBody = huge
	if _, err := enc.encode(&w, true); err == nil {
		t.Error("a record that no reader would accept was written")
	}
}
