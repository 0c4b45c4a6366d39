package sse

// Done is the event that ends OpenAI's chat streams.
const Done = "data: [DONE]\n\n"

// Ping is a comment that keeps a connection from looking dead.
const Ping = ": ping\n\n"

// AppendEvent appends an event to dst: its name, unless that is empty, and its data, a line each. name must be of one line.
func AppendEvent(dst []byte, name string, data []byte) []byte {
	if name != "" {
		dst = append(dst, "event: "...)
		dst = append(dst, name...)
		dst = append(dst, '\n')
	}
	for {
		i := lineEnd(data)
		if i < 0 {
			break
		}
		var line []byte
		line, data = cutLine(data)
		dst = appendData(dst, line)
	}
	dst = appendData(dst, data)
	return append(dst, '\n')
}

func appendData(dst, line []byte) []byte {
	dst = append(dst, "data: "...)
	dst = append(dst, line...)
	return append(dst, '\n')
}
