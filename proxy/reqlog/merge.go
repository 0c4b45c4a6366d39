package reqlog

import (
	"cmp"
	"slices"
	"strings"

	"squirrel/models"
)

// merge folds what belongs to one request and lies in the same batch: where its end is there, begin, attempts and
// checkpoints go into it, so that the database writes one row once; of several checkpoints the last one counts.
// The order of what remains is kept. The result lies in the memory of writes.
func merge(writes []models.LogWrite) []models.LogWrite {
	ends := make(map[string]int, len(writes))
	chunks := make(map[string]int)
	for i := range writes {
		switch id := writes[i].Log.ID; writes[i].Kind {
		case models.WriteEnd:
			if _, twice := ends[id]; !twice {
				ends[id] = i
			}
		case models.WriteChunk:
			chunks[id] = i
		}
	}
	out := writes[:0]
	for i := range writes {
		w := &writes[i]
		end, ended := ends[w.Log.ID]
		switch {
		case ended && i < end:
			fold(&writes[end], w)
		case w.Kind == models.WriteChunk && chunks[w.Log.ID] != i:
		default:
			out = append(out, *w)
		}
	}
	return out
}

// fold adds to an end what only the earlier write knows.
func fold(end, earlier *models.LogWrite) {
	end.Whole = end.Whole || earlier.Kind == models.WriteBegin
	if earlier.Kind == models.WriteBegin && earlier.Detail != nil {
		if end.Detail == nil {
			end.Detail = &models.LogDetail{}
		}
		fillRequest(end.Detail, earlier.Detail)
	}
	for _, a := range earlier.Attempts {
		known := func(b models.Attempt) bool { return b.N == a.N }
		if !slices.ContainsFunc(end.Attempts, known) {
			end.Attempts = append(end.Attempts, a)
		}
	}
	slices.SortStableFunc(end.Attempts, func(a, b models.Attempt) int { return cmp.Compare(a.N, b.N) })
}

// fillRequest takes the request's part of a detail from begin where end leaves it out.
func fillRequest(end, begin *models.LogDetail) {
	if end.RequestHeaders == nil {
		end.RequestHeaders = begin.RequestHeaders
	}
	fillBody(end, &end.RequestBody, begin.RequestBody, "request_body")
	if end.UpstreamURL == "" {
		end.UpstreamURL = begin.UpstreamURL
	}
	if end.UpstreamHeaders == nil {
		end.UpstreamHeaders = begin.UpstreamHeaders
	}
	fillBody(end, &end.UpstreamBody, begin.UpstreamBody, "upstream_body")
	if end.Decision == nil {
		end.Decision = begin.Decision
	}
	if end.Dropped == nil {
		end.Dropped = begin.Dropped
	}
	if end.Reason == "" {
		end.Reason = begin.Reason
	}
	for _, note := range begin.Truncated {
		if !slices.Contains(end.Truncated, note) {
			end.Truncated = append(end.Truncated, note)
		}
	}
}

// fillBody takes a body of begin, and with it what begin says about its length.
func fillBody(end *models.LogDetail, to *[]byte, from []byte, name string) {
	if *to != nil || from == nil {
		return
	}
	*to = from
	end.Truncated = slices.DeleteFunc(end.Truncated, func(note string) bool { return strings.HasPrefix(note, name+":") })
}
