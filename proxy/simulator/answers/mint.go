package answers

import "math/rand/v2"

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base16 = "0123456789abcdef"
)

// mint makes the ids of one answer.
type mint struct{ rng *rand.Rand }

func (r *Request) mint() mint {
	return mint{rand.New(rand.NewPCG(r.Seed, r.Serial))}
}

func (m mint) draw(prefix, alphabet string, n int) string {
	id := make([]byte, 0, len(prefix)+n)
	id = append(id, prefix...)
	for range n {
		id = append(id, alphabet[m.rng.IntN(len(alphabet))])
	}
	return string(id)
}

func (m mint) chat() string     { return m.draw("chatcmpl-", base62, 29) }
func (m mint) text() string     { return m.draw("cmpl-", base62, 29) }
func (m mint) call() string     { return m.draw("call_", base62, 24) }
func (m mint) message() string  { return m.draw("msg_01", base62, 22) }
func (m mint) toolUse() string  { return m.draw("toolu_01", base62, 22) }
func (m mint) response() string { return m.draw("resp_", base16, 48) }
func (m mint) item(kind string) string {
	return m.draw(kind+"_", base16, 48)
}

// RequestID is the id a vendor's answer carries in x-request-id or request-id.
func RequestID(seed, serial uint64) string {
	return mint{rand.New(rand.NewPCG(seed^0x5eed, serial))}.draw("req_", base16, 32)
}
