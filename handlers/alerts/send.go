package alerts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"incidentledger/domain"
)

// errPrivate says that an endpoint's address is not one of the public internet.
var errPrivate = errors.New("the address is loopback, private or reserved; allow private targets where that is meant")

// A sender posts messages to one endpoint.
type sender struct {
	url    string
	keys   []*webhooks.Webhook
	client *http.Client
}

func newSender(e Endpoint, c Config) (*sender, error) {
	s := &sender{url: e.URL}
	for _, secret := range strings.Fields(e.Secret) {
		k, err := webhooks.NewWebhook(secret)
		if err != nil {
			return nil, fmt.Errorf("alerts: endpoint %s: its secret cannot be read", e.Name)
		}
		s.keys = append(s.keys, k)
	}
	d := &net.Dialer{Timeout: c.Timeout}
	if !c.AllowPrivate {
		d.Control = func(_, address string, _ syscall.RawConn) error { return checkPublic(address) }
	}
	s.client = &http.Client{
		Timeout: c.Timeout,
		Transport: &http.Transport{
			DialContext: d.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: c.Timeout,
			MaxIdleConnsPerHost: c.Workers, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
		// A redirect could lead anywhere: it is an answer like any other that is
		// not 2xx.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, nil
}

// post makes one attempt. It gives the status that was answered, 0 where none
// was, and an error unless that was 2xx. The error does not tell the URL.
func (s *sender) post(ctx context.Context, id string, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the request cannot be made")
	}
	now := time.Now()
	var signatures []string
	for _, k := range s.keys {
		sig, err := k.Sign(id, now, body)
		if err != nil {
			return 0, fmt.Errorf("signing: %w", err)
		}
		signatures = append(signatures, sig)
	}
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=UTF-8")
	req.Header.Set("User-Agent", "incidentledger")
	req.Header.Set(webhooks.HeaderWebhookID, id)
	req.Header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(webhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	resp, err := s.client.Do(req)
	if err != nil {
		var where interface{ Unwrap() error }
		if errors.As(err, &where) { // *url.Error, which tells the URL
			err = where.Unwrap()
		}
		return 0, err
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	_ = resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, fmt.Errorf("status %d", resp.StatusCode)
	}
	return resp.StatusCode, nil
}

// reserved are blocks that netip does not call private and that are not of the
// public internet either.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

// checkPublic judges the address that a connection really goes to, after names
// were resolved.
func checkPublic(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	ip := ap.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errPrivate
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return errPrivate
		}
	}
	return nil
}

// messageID is the webhook-id of an integration event: its id is unique within an
// organisation, and an endpoint may serve several.
func messageID(org domain.OrgID, eventID string) string { return string(org) + "-" + eventID }
