package auth

import (
	"net/netip"
	"slices"
	"strings"
)

// ClientIP finds the address a request comes from: the TCP peer, or, while the hop is one of trusted, the next entry of
// X-Forwarded-For from the right. What stands left of the first untrusted hop may be invented and is never read.
// An entry that is no address ends the walk at the hop that reported it.
func ClientIP(peer netip.Addr, forwardedFor string, trusted []netip.Prefix) netip.Addr {
	ip := peer.Unmap().WithZone("")
	hops := strings.Split(forwardedFor, ",")
	for _, hop := range slices.Backward(hops) {
		if !contains(trusted, ip) {
			break
		}
		next, ok := parseHop(strings.TrimSpace(hop))
		if !ok {
			break
		}
		ip = next
	}
	return ip
}

func contains(prefixes []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// parseHop accepts 192.0.2.1, 192.0.2.1:80, 2001:db8::1 and [2001:db8::1]:80.
func parseHop(hop string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(strings.Trim(hop, "[]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	if pair, err := netip.ParseAddrPort(hop); err == nil {
		return pair.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}
