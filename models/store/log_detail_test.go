package store

import (
	"bytes"
	"reflect"
	"testing"

	"squirrel/models"
)

func FuzzDecodePart(f *testing.F) {
	var answer sections
	if err := answer.addAnswer(&models.LogDetail{UpstreamURL: "u", ResponseBody: bytes.Repeat([]byte("body"), 100), Truncated: []string{"response_body:4"}}); err != nil {
		f.Fatal(err)
	}
	part := compress(answer)
	for _, seed := range [][]byte{nil, {0}, {0, 1, 3, 'a'}, {0, 8, 1, 'x', 200, 0}, {1, 2, 3}, {9}, part, part[:len(part)-3]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > 0 && payload[0] == encodingZstd && len(payload) > 1<<12 {
			return // what a small archive unpacks to is bounded, but not by the time of a fuzz run
		}
		var d models.LogDetail
		_ = decodePart(payload, &d)
	})
}

// FuzzDetail_RoundTrip: any bytes come back as they were, nil as nil and empty as empty.
func FuzzDetail_RoundTrip(f *testing.F) {
	f.Add([]byte("{}"), []byte(nil), []byte("data: \x00\xff"), "https://u", uint8(3))
	f.Add([]byte{}, bytes.Repeat([]byte("long "), 1000), []byte{}, "", uint8(0))
	f.Fuzz(func(t *testing.T, asked, response, events []byte, url string, absent uint8) {
		want := models.LogDetail{RequestBody: asked, ResponseBody: response, StreamEvents: events, StreamPacing: response, UpstreamURL: url, RequestHeaders: []byte("{}")}
		for i, body := range []*[]byte{&want.RequestBody, &want.ResponseBody, &want.StreamEvents, (*[]byte)(&want.StreamPacing)} {
			if absent>>i&1 == 1 {
				*body = nil
			} else if *body == nil {
				*body = []byte{}
			}
		}
		for _, w := range []*models.LogWrite{
			{Kind: models.WriteEnd, Detail: &want},
			{Kind: models.WriteEnd, Detail: &want, Whole: true},
		} {
			var got models.LogDetail
			r := request{end: w}
			if err := r.encode(false, new(sections)); err != nil {
				t.Fatal(err)
			}
			for _, part := range r.parts {
				if err := decodePart(part.payload, &got); err != nil {
					t.Fatal(err)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("whole %v: %+v, want %+v", w.Whole, got, want)
			}
		}
	})
}
