package reqlog

import "bytes"

// address hides user information and secret parameters of the URL whose "://" is at i. It adds its own spans.
func address(s *scan, i int) (from, to int) {
	host := i + len("://")
	end := host
	for end < len(s.b) && inURL(s.b[end]) && s.b[end] != '/' && s.b[end] != '?' && s.b[end] != '#' {
		end++
	}
	if n := bytes.LastIndexByte(s.b[host:end], '@'); n > 0 {
		s.spans.add(host, host+n, true)
	}
	if end < s.urlsDone {
		return 0, 0 // inside a parameter of a URL whose parameters are done
	}
	for end < len(s.b) && inURL(s.b[end]) {
		end++
	}
	s.urlsDone = end
	queryParameters(s.b, host, end, &s.spans)
	return 0, 0
}

// inURL reports whether a URL goes on with c in running text, in JSON and in markup.
func inURL(c byte) bool {
	return c > ' ' && c != '"' && c != '\'' && c != '<' && c != '>' && c != '\\' && c != '`' && c != 0x7f
}

// queryParameters hides the values of secret parameters in b[from:to], in the query or the fragment.
func queryParameters(b []byte, from, to int, spans *spanList) {
	start := bytes.IndexAny(b[from:to], "?#")
	if start < 0 {
		return
	}
	for at := from + start + 1; at < to; {
		end := at
		for end < to && b[end] != '&' && b[end] != ';' && b[end] != '#' && b[end] != '?' {
			end++
		}
		if eq := bytes.IndexByte(b[at:end], '='); eq > 0 && at+eq+1 < end && secretParameter(b[at:at+eq]) {
			spans.add(at+eq+1, end, true)
		}
		at = end + 1
	}
}
