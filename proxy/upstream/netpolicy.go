package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// NetPolicy says which addresses providers may live at. Metadata and link-local addresses are refused by every policy.
type NetPolicy string

// The policies of PROVIDER_NETWORK.
const (
	PublicOnly     NetPolicy = "public"
	PrivateAllowed NetPolicy = "private-allowed"
)

// ErrAddressRefused says that policy forbids to dial an address.
var ErrAddressRefused = errors.New("the provider network policy refuses this address")

// neverAllowed holds what no provider may be: this-network, link-local, cloud metadata services, multicast, reserved.
var neverAllowed = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32", "224.0.0.0/4", "255.255.255.255/32",
	"::/128", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128",
)

// privateRanges are allowed only by PrivateAllowed: a local Ollama or vLLM is a real provider.
var privateRanges = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15",
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "::1/128", "fc00::/7", "2001:db8::/32",
)

// carriers are IPv6 ranges whose addresses lead to an IPv4 address that they hold: NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056),
// Teredo (RFC 4380), and the old IPv4-compatible form.
var carriers = []struct {
	prefix netip.Prefix
	inner  func(a [16]byte) [4]byte
}{
	{netip.MustParsePrefix("64:ff9b::/96"), func(a [16]byte) [4]byte { return [4]byte(a[12:]) }},
	{netip.MustParsePrefix("64:ff9b:1::/48"), func(a [16]byte) [4]byte { return [4]byte{a[6], a[7], a[9], a[10]} }},
	{netip.MustParsePrefix("2002::/16"), func(a [16]byte) [4]byte { return [4]byte(a[2:]) }},
	{netip.MustParsePrefix("2001::/32"), func(a [16]byte) [4]byte { return [4]byte{^a[12], ^a[13], ^a[14], ^a[15]} }},
	{netip.MustParsePrefix("::/96"), func(a [16]byte) [4]byte { return [4]byte(a[12:]) }},
}

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// Allows decides about one address. IPv4 inside IPv6 is judged as the IPv4 address it leads to, too.
func (p NetPolicy) Allows(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return p.allows(addr) && (!addr.Is6() || p.allowsInner(addr))
}

func (p NetPolicy) allows(addr netip.Addr) bool {
	return addr.IsValid() && !containsAddr(neverAllowed, addr) && (p == PrivateAllowed || !containsAddr(privateRanges, addr))
}

func (p NetPolicy) allowsInner(addr netip.Addr) bool {
	if addr == netip.IPv6Loopback() { // looks like one of the old form
		return true
	}
	for _, c := range carriers {
		if c.prefix.Contains(addr) && !p.allows(netip.AddrFrom4(c.inner(addr.As16()))) {
			return false
		}
	}
	return true
}

func containsAddr(list []netip.Prefix, addr netip.Addr) bool {
	for _, prefix := range list {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// CheckHost decides about a literal address or resolves a name and decides about what it points to; at least one allowed
// address is enough, since the dialer skips the others.
func (p NetPolicy) CheckHost(ctx context.Context, host string) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		if !p.Allows(addr) {
			return ErrAddressRefused
		}
		return nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return fmt.Errorf("resolve %s: %w", host, err)
	}
	for _, addr := range addrs {
		if p.Allows(addr) {
			return nil
		}
	}
	return ErrAddressRefused
}

// dialer dials with the policy checked on the real address, after DNS and before the connection: rebinding a name between
// the check of a form and the call gains nothing.
func (p NetPolicy) dialer(connectTimeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout:   connectTimeout,
		KeepAlive: 30 * time.Second,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			addrPort, err := netip.ParseAddrPort(address)
			if err != nil || !p.Allows(addrPort.Addr()) {
				return ErrAddressRefused
			}
			return nil
		},
	}
}

// Dial connects to host:port under the policy.
func (p NetPolicy) Dial(ctx context.Context, address string) (net.Conn, error) {
	return p.dialer(10*time.Second).DialContext(ctx, "tcp", address)
}
