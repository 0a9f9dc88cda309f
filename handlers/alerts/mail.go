package alerts

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Encryption of the connection to the mail server.
const (
	StartTLS = "starttls" // begins in the clear and must become TLS before anything is said
	TLS      = "tls"
	NoTLS    = "none" // to a server on this machine only
)

// Mail is the server that mail goes out by.
type Mail struct {
	Host           string
	Port           int    // 0: 587, or 465 with tls, or 25 without encryption
	Encryption     string // empty: starttls
	User, Password string // empty: the server asks for none
	From           string // address

	TLS *tls.Config // nil: the system's roots
}

func (m *Mail) check() error {
	_, err := mail.ParseAddress(m.From)
	ip := net.ParseIP(m.Host)
	switch {
	case m.Host == "":
		return errors.New("alerts: mail has no host to go out by")
	case err != nil:
		return errors.New("alerts: mail needs a from address such as incidents@example.org")
	case m.Port < 0 || m.Port > 65535:
		return fmt.Errorf("alerts: mail: %d is no port", m.Port)
	case m.Encryption == NoTLS && m.Host != "localhost" && (ip == nil || !ip.IsLoopback()):
		return errors.New("alerts: mail goes without encryption to a server on this machine only; choose starttls or tls")
	}
	switch m.Encryption {
	case "", StartTLS, TLS, NoTLS:
		return nil
	}
	return fmt.Errorf("alerts: mail: encryption is %q; choose starttls, tls or none", m.Encryption)
}

func (m *Mail) port() int {
	switch {
	case m.Port != 0:
		return m.Port
	case m.Encryption == TLS:
		return 465
	case m.Encryption == NoTLS:
		return 25
	}
	return 587
}

// errNever says that trying the same again is of no use.
var errNever = errors.New("it is refused for good")

// send makes one attempt to hand a message to the server. It gives the status
// that was answered, 0 where none was. The error tells no address.
func (m *Mail) send(ctx context.Context, to string, msg message, timeout time.Duration) (int, error) {
	out, err := m.compose(to, msg)
	if err != nil {
		return 0, err
	}
	// The connection is kept here, so that it is closed whatever happens and the
	// end of ctx breaks off a server that says nothing.
	var conn net.Conn
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	ctx, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	client, err := m.client(timeout, func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		conn = c
		if m.Encryption == TLS {
			return tls.Client(c, m.tls()), nil
		}
		return c, nil
	})
	if err != nil {
		return 0, mailError(err)
	}
	smtp, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return statusOf(err), mailError(err)
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	err = client.SendWithSMTPClient(smtp, out)
	if out.IsDelivered() { // what goes wrong when saying goodbye changes nothing
		_ = client.CloseWithSMTPClient(smtp)
		return 250, nil
	}
	return statusOf(err), mailError(err)
}

// domain is that of the address that mail comes from.
func (m *Mail) domain() string {
	a, err := mail.ParseAddress(m.From)
	if err != nil {
		return "localhost"
	}
	return a.Address[strings.LastIndex(a.Address, "@")+1:]
}

func (m *Mail) tls() *tls.Config {
	c := m.TLS.Clone()
	if c == nil {
		c = &tls.Config{}
	}
	c.ServerName, c.MinVersion = m.Host, tls.VersionTLS12
	return c
}

func (m *Mail) client(timeout time.Duration, dial gomail.DialContextFunc) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(m.port()), gomail.WithTimeout(timeout), gomail.WithTLSConfig(m.tls()), gomail.WithDialContextFunc(dial),
		gomail.WithHELO(m.domain()), gomail.WithoutNoop(), gomail.WithTLSPolicy(gomail.TLSMandatory),
	}
	switch m.Encryption {
	case TLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if m.User != "" {
		options = append(options, gomail.WithUsername(m.User), gomail.WithPassword(m.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(m.Host, options...)
}

// compose makes the mail. Its Message-ID follows from the message and its
// receiver, so that a mail program shows one that came twice once.
func (m *Mail) compose(to string, msg message) (*gomail.Msg, error) {
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if out.From(m.From) != nil || out.To(to) != nil {
		return nil, fmt.Errorf("an address cannot be written to: %w", errNever)
	}
	out.SetDateWithValue(msg.at)
	out.SetMessageIDWithValue(msg.id + "@" + m.domain())
	out.Subject(msg.subject)
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	out.SetGenHeader("Idempotency-Key", msg.id)
	out.SetGenHeader("Content-Language", msg.language)
	out.SetBodyString(gomail.TypeTextPlain, msg.text)
	return out, nil
}

// statusOf is what the server answered last.
func statusOf(err error) int {
	var s *gomail.SendError
	var t *textproto.Error
	switch {
	case errors.As(err, &s) && s.ErrorCode() > 0:
		return s.ErrorCode()
	case errors.As(err, &t):
		return t.Code
	}
	return 0
}

// mailError says what went wrong without the words of the server, which can tell
// addresses. A server that does not take mail for a receiver will not do so later.
func mailError(err error) error {
	var s *gomail.SendError
	var t *textproto.Error
	var n *net.OpError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &s):
		said := errors.New(s.Reason.String() + ": status " + strconv.Itoa(s.ErrorCode()))
		if s.Reason == gomail.ErrSMTPRcptTo && !s.IsTemp() && s.ErrorCode() >= 500 {
			return fmt.Errorf("%w: %w", said, errNever)
		}
		return said
	case errors.As(err, &t):
		return fmt.Errorf("the mail server answers with status %d", t.Code)
	case errors.As(err, &cert):
		return errors.New("the certificate of the mail server is not to be trusted")
	case errors.As(err, &n):
		return fmt.Errorf("the mail server cannot be reached: %w", n.Err)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the mail server did not answer in time")
	}
	return errors.New("the mail server and this program do not understand each other")
}
