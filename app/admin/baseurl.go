package admin

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"squirrel/models"
)

// CodePrivateAddress is the code of an address that PROVIDER_NETWORK forbids.
const CodePrivateAddress models.Code = "private_address_not_allowed"

const maxURL = 2048

// forbiddenPorts belong to protocols that could be made to act on an HTTP request (the Fetch standard's list, and
// common databases and caches).
var forbiddenPorts = []int{
	1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113,
	115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556,
	563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5984,
	6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9200, 10080, 11211, 27017,
}

// endpointSuffixes are added to a base URL by the gateway; a base that ends in one is a pasted endpoint.
var endpointSuffixes = []string{"/chat/completions", "/completions", "/messages", "/responses", "/embeddings"}

// baseURL checks and normalises a provider's base URL: no trailing slashes, lower-case scheme and host.
func (c check) baseURL(field string, text *string) {
	*text = strings.TrimSpace(*text)
	u := c.httpURL(field, *text, "http", "https")
	if u == nil {
		return
	}
	if u.User != nil {
		c.fail(field, "must not hold a user or password; put the key into the key field")
		return
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	for _, suffix := range endpointSuffixes {
		if strings.HasSuffix(u.Path, suffix) {
			c.fail(field, "must end before %s, which the gateway adds", suffix)
			return
		}
	}
	*text = u.String()
}

// proxyURL checks the address of an outbound proxy, which may hold credentials.
func (c check) proxyURL(field, text string) *url.URL {
	u := c.httpURL(field, text, "http", "https", "socks5")
	if u != nil && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		c.fail(field, "must have no path and no query")
		return nil
	}
	return u
}

// httpURL refuses whatever two URL parsers could read in two ways.
func (c check) httpURL(field, text string, schemes ...string) *url.URL {
	switch {
	case text == "":
		c.fail(field, "must not be empty")
		return nil
	case len(text) > maxURL:
		c.fail(field, "must have at most %d characters", maxURL)
		return nil
	case strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7f || r == '\\' }):
		c.fail(field, "must have ASCII characters only, no spaces and no backslashes")
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || !slices.Contains(schemes, u.Scheme):
		c.fail(field, "must be a URL that begins with %s://", strings.Join(schemes, ":// or "))
		return nil
	case strings.Contains(text, "#"):
		c.fail(field, "must have no fragment (#)")
		return nil
	}
	u.Host = strings.ToLower(u.Host)
	if problem := hostProblem(u); problem != "" {
		c.fail(field, "%s", problem)
		return nil
	}
	return u
}

var (
	hostLabel   = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	numericHost = regexp.MustCompile(`^(0x[0-9a-f]*|[0-9]+)$`)
)

func hostProblem(u *url.URL) string {
	host := u.Hostname()
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return "has a port that is not between 1 and 65535"
		}
		if slices.Contains(forbiddenPorts, n) {
			return "uses port " + port + ", which belongs to another protocol"
		}
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return "must not name a network interface"
		}
		return ""
	}
	labels := strings.Split(host, ".")
	switch {
	case host == "" || len(host) > 253:
		return "has no valid host"
	case strings.HasSuffix(host, "."):
		return "has a host that ends with a dot"
	case slices.ContainsFunc(labels, func(l string) bool { return !hostLabel.MatchString(l) }):
		return "has no valid host"
	case numericHost.MatchString(labels[len(labels)-1]):
		return "has a host that is a number but no IP address" // 0177.0.0.1, 2130706433
	}
	return ""
}

const policyPatience = 2 * time.Second

// checkNetwork asks the provider network policy about the host of a URL.
func (s *Service) checkNetwork(ctx context.Context, field, rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil || s.opts.CheckHost == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, policyPatience)
	defer cancel()
	if err := s.opts.CheckHost(ctx, u.Hostname()); err != nil && !unresolved(err) {
		msg := "points to an address that is not allowed here (see PROVIDER_NETWORK)"
		return &models.Error{Code: CodePrivateAddress, Message: field + " " + msg, Fields: map[string]string{field: msg}, Err: err}
	}
	return nil
}

// unresolved reports that a name has no address now. It may have one when it is called, and is judged again then.
func unresolved(err error) bool {
	_, dns := errors.AsType[*net.DNSError](err)
	return dns || errors.Is(err, context.DeadlineExceeded)
}

// sameServer reports whether two URLs lead to the same scheme, host and port.
func sameServer(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && serverOf(x) == serverOf(y)
}

func serverOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
