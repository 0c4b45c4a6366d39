package store

import (
	"cmp"
	"slices"

	"squirrel/models"
)

// request is everything that a batch says about one request.
type request struct {
	key      logKey
	begin    *models.LogWrite
	end      *models.LogWrite
	attempts map[int]*models.Attempt
	soFar    *models.LogDetail // a stream at its last checkpoint

	parts []detailPart
}

// detailPart is a part of the details, encoded.
type detailPart struct {
	part    int
	payload []byte
}

// gather sorts the writes of a batch by request. Of what is there twice, the first begin and end and the last of the others
// count. The result is in the order of the key, in which all replicas lock rows.
func gather(writes []models.LogWrite) ([]*request, error) {
	byKey := make(map[logKey]*request, len(writes))
	var all []*request
	for i := range writes {
		w := &writes[i]
		r := byKey[keyOf(&w.Log)]
		if r == nil {
			r = &request{key: keyOf(&w.Log), attempts: map[int]*models.Attempt{}}
			byKey[r.key] = r
			all = append(all, r)
		}
		for j := range w.Attempts {
			r.attempts[w.Attempts[j].N] = &w.Attempts[j]
		}
		switch w.Kind {
		case models.WriteBegin:
			r.begin = cmp.Or(r.begin, w)
		case models.WriteEnd:
			r.end = cmp.Or(r.end, w)
		case models.WriteChunk:
			if w.Detail != nil {
				r.soFar = w.Detail
			}
		case models.WriteAttempt:
		default:
			return nil, models.Errorf(models.CodeInvalid, "unknown kind of log record: %d", w.Kind)
		}
	}
	slices.SortFunc(all, func(a, b *request) int { return compareKeys(a.key, b.key) })
	return all, nil
}

func compareKeys(a, b logKey) int {
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.id, b.id))
}

// whole reports whether the batch holds both ends of the request, so that nothing of it should be stored yet.
func (r *request) whole() bool { return r.end != nil && (r.end.Whole || r.begin != nil) }

// row is the log row that the batch leads to, or nil when it only adds to one.
func (r *request) row() *logRow {
	switch {
	case r.end != nil:
		row := &logRow{RequestLog: r.end.Log}
		row.State = models.LogDone
		row.failed = hasFailed(&row.RequestLog)
		row.hasDetail = r.end.Detail != nil || r.begin != nil && r.begin.Detail != nil
		return row
	case r.begin != nil:
		row := &logRow{RequestLog: r.begin.Log, hasDetail: r.begin.Detail != nil}
		row.State = models.LogRunning
		return row
	}
	return nil
}

// encode makes the parts of the details, in the memory of out. A request part that is stored already is not made again: it may be
// large. Of a request whose begin and end are here everything goes into one part, which is one row and compresses better.
func (r *request) encode(stored bool, out *sections) error {
	*out = (*out)[:0]
	if asked := r.asked(); asked != nil && !stored {
		if err := out.addRequest(asked); err != nil {
			return err
		}
	}
	answered := r.end != nil && r.end.Detail != nil
	if len(*out) > 0 && !(answered && r.whole()) {
		r.keep(partRequest, out)
	}
	switch {
	case answered:
		if err := out.addAnswer(r.end.Detail); err != nil {
			return err
		}
		r.keep(partAnswer, out)
	case r.end == nil && r.soFar != nil:
		out.add(tagResponseBody, r.soFar.ResponseBody)
		out.add(tagStreamPacing, r.soFar.StreamPacing)
		if len(*out) > 0 {
			r.keep(partSoFar, out)
		}
	}
	return nil
}

// asked is the detail that holds what the client asked, if there is one.
func (r *request) asked() *models.LogDetail {
	switch {
	case r.begin != nil && r.begin.Detail != nil:
		return r.begin.Detail
	case r.end != nil:
		return r.end.Detail
	}
	return nil
}

// keep compresses what was gathered for a part.
func (r *request) keep(part int, gathered *sections) {
	r.parts = append(r.parts, detailPart{part, compress(*gathered)})
	*gathered = (*gathered)[:0]
}
