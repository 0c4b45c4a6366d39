package proxy

import (
	"time"

	"squirrel/models"
)

const (
	checkpointBytes = 64 << 10
	checkpointEvery = 2 * time.Second
)

// checkpoint remembers when the partial answer of a stream was last made safe.
type checkpoint struct {
	bytes int64
	at    time.Time
}

// checkpoint makes what has been seen of a long stream survive the death of the process: each 64 KiB or 2 s. Since each record
// holds all there is so far, the distance grows with a stream that outruns the clock.
func (r *relay) checkpoint() {
	if r.saved.at.IsZero() {
		r.saved.at = r.came
	}
	if r.written-r.saved.bytes < max(checkpointBytes, r.written/8) && r.came.Sub(r.saved.at) < checkpointEvery {
		return
	}
	if r.written == r.saved.bytes || !r.x.key.RecordDetails {
		return
	}
	r.saved = checkpoint{bytes: r.written, at: r.came}
	partial, cuts := r.x.recorded("response_body", r.tap.Partial(), nil)
	write := models.LogWrite{Kind: models.WriteChunk, Log: r.x.rowKey(), Detail: &models.LogDetail{ResponseBody: partial, StreamPacing: r.pace.pacing(), Truncated: cuts}}
	if err := r.x.gw.recorder.Chunk(write); err != nil {
		r.x.gw.logger.Warn("stream checkpoint not recorded", "request_id", r.x.id, "error", err)
	}
}
