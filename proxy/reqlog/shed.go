package reqlog

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"squirrel/models"
)

// leanBody is what is left of a body in the lean state, in bytes.
const leanBody = 16 << 10

const cutNote = "…[%d bytes cut]…"

// CutMiddle shortens body to at most limit bytes by taking out its middle, which is replaced by a note with the number of
// bytes that are gone. It cuts between UTF-8 characters. A body within the limit is returned as it is; limit ≤ 0 is no limit.
func CutMiddle(body []byte, limit int64) (short []byte, cut bool) {
	if limit <= 0 || int64(len(body)) <= limit {
		return body, false
	}
	room := int(limit) - len(fmt.Sprintf(cutNote, len(body)))
	if room <= 0 {
		return body[:0:0], true
	}
	head, tail := room-room/2, len(body)-room/2
	for back := 0; back < utf8.UTFMax-1 && head > 0 && !utf8.RuneStart(body[head]); back++ {
		head--
	}
	for ahead := 0; ahead < utf8.UTFMax-1 && tail < len(body) && !utf8.RuneStart(body[tail]); ahead++ {
		tail++
	}
	out := make([]byte, 0, int(limit))
	out = append(out, body[:head]...)
	out = fmt.Appendf(out, cutNote, tail-head)
	return append(out, body[tail:]...), true
}

// CapBodies cuts the middle out of every body of d that is larger than limit bytes (LOG_BODY_MAX_BYTES) and notes its real
// size in d.Truncated. Redact before: a secret that lies across a cut is no longer recognised.
func CapBodies(d *models.LogDetail, limit int64) {
	for _, b := range bodiesOf(d) {
		size := len(*b.body)
		short, cut := CutMiddle(*b.body, limit)
		if !cut {
			continue
		}
		*b.body = short
		if !hasTruncated(d.Truncated, b.name) {
			d.Truncated = append(d.Truncated, fmt.Sprintf("%s:%d", b.name, size))
		}
	}
}

// hasTruncated reports whether a body was cut before; the first note has the real size.
func hasTruncated(notes []string, name string) bool {
	for _, n := range notes {
		if strings.HasPrefix(n, name+":") {
			return true
		}
	}
	return false
}

// shed returns w with as much as the state allows. The caller's detail and attempts are not changed.
func shed(w models.LogWrite, state State) models.LogWrite {
	if state == StateOK {
		return w
	}
	limit, reason := int64(leanBody), "spool_lean"
	if state >= StateMeta {
		limit, reason = 0, "spool_meta"
	}
	if w.Detail != nil {
		d := *w.Detail
		d.Truncated = append([]string(nil), d.Truncated...)
		if shrunk := shrink(&d, limit); shrunk && d.Reason == "" {
			d.Reason = reason
		}
		if state >= StateMeta {
			d.StreamPacing = nil
		}
		if state >= StateReject {
			d.RequestHeaders, d.UpstreamHeaders, d.ResponseHeaders = nil, nil, nil
		}
		w.Detail = &d
	}
	w.Attempts = append([]models.Attempt(nil), w.Attempts...)
	for i := range w.Attempts {
		a := &w.Attempts[i]
		if a.ResponseBody, _ = CutMiddle(a.ResponseBody, limit); limit == 0 {
			a.ResponseBody = nil
		}
	}
	return w
}

// shrink cuts the bodies to limit; 0 takes them away altogether.
func shrink(d *models.LogDetail, limit int64) bool {
	before := len(d.Truncated)
	if limit > 0 {
		CapBodies(d, limit)
		return len(d.Truncated) > before
	}
	dropped := false
	for _, b := range bodiesOf(d) {
		if len(*b.body) == 0 {
			continue
		}
		dropped = true
		if !hasTruncated(d.Truncated, b.name) {
			d.Truncated = append(d.Truncated, fmt.Sprintf("%s:%d", b.name, len(*b.body)))
		}
		*b.body = nil
	}
	return dropped
}
