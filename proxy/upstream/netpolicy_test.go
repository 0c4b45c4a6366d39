package upstream

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"

	"squirrel/models"
)

// judged are addresses and what each policy says of them: never allowed, private, public.
var judged = map[string][]string{
	"never": {
		"0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "169.254.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1", "239.255.255.255", "255.255.255.255",
		"fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::",
		"2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:5601:5601", "::169.254.169.254", "64:ff9b::0.0.0.0", "2002:e000:1::",
	},
	"private": {
		"127.0.0.1", "127.255.255.254", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.1", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1",
		"64:ff9b::7f00:1", "2002:7f00:1::", "2002:c0a8:101::", "2001:0:4136:e378:8000:63bf:3f57:fefe", "::10.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "2001:db8::1",
	},
	"public": {"1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::", "::ffff:8.8.8.8"},
}

func TestE04_PoliciesAndAddresses(t *testing.T) {
	for kind, addresses := range judged {
		for _, text := range addresses {
			addr := netip.MustParseAddr(text)
			if got, want := PrivateAllowed.Allows(addr), kind != "never"; got != want {
				t.Errorf("private-allowed, %s: %t, want %t", text, got, want)
			}
			if got, want := PublicOnly.Allows(addr), kind == "public"; got != want {
				t.Errorf("public, %s: %t, want %t", text, got, want)
			}
		}
	}
	if PrivateAllowed.Allows(netip.Addr{}) {
		t.Error("no address at all is allowed")
	}
}

// TestE01_LiteralsAreJudgedBeforeTheyAreSaved, and again when they are dialled, in whatever spelling.
func TestE01_LiteralsAreJudgedBeforeTheyAreSaved(t *testing.T) {
	for _, text := range judged["never"] {
		if err := PrivateAllowed.CheckHost(t.Context(), text); !errors.Is(err, ErrAddressRefused) {
			t.Errorf("saving %s: %v", text, err)
		}
		conn, err := PrivateAllowed.Dial(t.Context(), net.JoinHostPort(text, "1"))
		if err == nil {
			conn.Close()
		}
		if class, kind := networkFailure(err, false); class != ConnectFailed || kind != "refused_by_policy" && kind != "dial" {
			t.Errorf("dialling %s: %v", text, err)
		}
	}
	for _, text := range []string{"127.0.0.1", "10.0.0.1", "::1"} {
		if err := PublicOnly.CheckHost(t.Context(), text); !errors.Is(err, ErrAddressRefused) {
			t.Errorf("saving %s when only public addresses are allowed: %v", text, err)
		}
	}
}

// fakeDNS answers questions for IPv4 addresses with what it is told, and for IPv6 with none.
func fakeDNS(t *testing.T, answer func(n int64) []string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var asked atomic.Int64
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var addresses []string
			if binary.BigEndian.Uint16(questionType(buf[:n])) == 1 {
				addresses = answer(asked.Add(1))
			}
			_, _ = conn.WriteTo(dnsAnswer(buf[:n], addresses), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

const dnsHeader = 12

// questionType returns the bytes of the question from its type on.
func questionType(query []byte) []byte {
	i := dnsHeader
	for query[i] != 0 {
		i += int(query[i]) + 1
	}
	return query[i+1:]
}

// dnsAnswer makes the answer to a query (RFC 1035, section 4.1).
func dnsAnswer(query []byte, addresses []string) []byte {
	question := query[dnsHeader : len(query)-len(questionType(query))+4]
	out := append([]byte(nil), query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0)
	out = append(out, question...)
	for _, address := range addresses {
		ip := netip.MustParseAddr(address).As4()
		out = append(out, 0xc0, dnsHeader, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		out = append(out, ip[:]...)
	}
	return out
}

// reached is a server that counts who comes.
func reached(t *testing.T) (port string, count *atomic.Int64) {
	t.Helper()
	count = new(atomic.Int64)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { count.Add(1) })}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, count
}

func callOnce(t *testing.T, c *Client, base string) error {
	t.Helper()
	p := &models.Provider{BaseURL: base, Protocol: models.ProtocolOpenAI, ConnectTimeout: 5}
	req, err := c.Request(t.Context(), &Call{Provider: p, Endpoint: models.EndpointChat, Method: http.MethodPost})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req, p)
	if err == nil {
		resp.Body.Close()
		c.CloseIdle()
	}
	return err
}

// TestE02_ANameThatChangesItsMind is judged by the address that is dialled, not by the one that was checked.
func TestE02_ANameThatChangesItsMind(t *testing.T) {
	port, count := reached(t)
	c := NewClient(PrivateAllowed, nil)
	c.resolver = fakeDNS(t, func(n int64) []string {
		if n == 1 {
			return []string{"127.0.0.1"}
		}
		return []string{"169.254.169.254"}
	})
	base := "http://rebinding.test:" + port + "/v1"
	if err := callOnce(t, c, base); err != nil || count.Load() != 1 {
		t.Fatalf("the first call: %v, %d", err, count.Load())
	}
	err := callOnce(t, c, base)
	if out := FromError(t.Context(), err, false); !errors.Is(err, ErrAddressRefused) || out.Kind != "refused_by_policy" || out.Class != ConnectFailed {
		t.Errorf("the second call: %v", err)
	}
	public := NewClient(PublicOnly, nil)
	public.resolver = fakeDNS(t, func(int64) []string { return []string{"127.0.0.1"} })
	if err := callOnce(t, public, base); !errors.Is(err, ErrAddressRefused) || count.Load() != 1 {
		t.Errorf("a private address when only public ones are allowed: %v", err)
	}
}

// TestE03_OneForbiddenAddressAmongSeveral is skipped, wherever it stands; when all are forbidden, nobody is called.
func TestE03_OneForbiddenAddressAmongSeveral(t *testing.T) {
	port, count := reached(t)
	for _, addresses := range [][]string{{"169.254.169.254", "127.0.0.1"}, {"127.0.0.1", "169.254.169.254"}, {"0.0.0.0", "100.100.100.200", "127.0.0.1"}} {
		c := NewClient(PrivateAllowed, nil)
		c.resolver = fakeDNS(t, func(int64) []string { return addresses })
		before := count.Load()
		if err := callOnce(t, c, "http://several.test:"+port+"/v1"); err != nil || count.Load() != before+1 {
			t.Errorf("%v: %v", addresses, err)
		}
	}
	c := NewClient(PublicOnly, nil)
	c.resolver = fakeDNS(t, func(int64) []string { return []string{"127.0.0.1", "10.255.255.1", "0.0.0.0"} })
	before := count.Load()
	if err := callOnce(t, c, "http://several.test:"+port+"/v1"); !errors.Is(err, ErrAddressRefused) || count.Load() != before {
		t.Errorf("private addresses only: %v", err)
	}
}

// FuzzDialGuard: an address that leads to a forbidden one is forbidden, however it is wrapped.
func FuzzDialGuard(f *testing.F) {
	for _, addresses := range judged {
		for _, text := range addresses {
			f.Add(netip.MustParseAddr(text).AsSlice())
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		if PublicOnly.Allows(addr) && !PrivateAllowed.Allows(addr) {
			t.Fatalf("%s: the narrower policy allows more", addr)
		}
		inner := addr.Unmap()
		if inner.Is4() {
			for _, wrapped := range wrappings(inner.As4()) {
				if PrivateAllowed.Allows(wrapped) && !PrivateAllowed.Allows(inner) || PublicOnly.Allows(wrapped) && !PublicOnly.Allows(inner) {
					t.Errorf("%s is allowed as %s", inner, wrapped)
				}
			}
		}
		if ip := net.IP(raw); PrivateAllowed.Allows(addr) && (ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()) || PublicOnly.Allows(addr) && (ip.IsPrivate() || ip.IsLoopback()) {
			t.Errorf("%s is allowed", addr)
		}
	})
}

// wrappings are the ways to write an IPv4 address as one of IPv6.
func wrappings(v4 [4]byte) []netip.Addr {
	six := func(text string, at int, bytes ...byte) netip.Addr {
		a := netip.MustParseAddr(text).As16()
		copy(a[at:], bytes)
		return netip.AddrFrom16(a)
	}
	a, b, c, d := v4[0], v4[1], v4[2], v4[3]
	return []netip.Addr{
		six("::ffff:0:0", 12, a, b, c, d), six("64:ff9b::", 12, a, b, c, d), six("64:ff9b:1::", 6, a, b, 0, c, d), six("2002::", 2, a, b, c, d),
		six("2001::", 12, ^a, ^b, ^c, ^d),
	}
}
