package alerts

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A postbox is a mail server on a real socket that answers as it is told.
type postbox struct {
	t    testing.TB
	addr *net.TCPAddr
	cert *x509.CertPool // those who trust it

	rcpt     func(to string) error // nil: takes everybody
	data     func(n int) error     // answer to the n-th message, from 1; nil: takes it
	password string                // empty: asks for none

	mu    sync.Mutex
	more  chan struct{} // closed and made anew when a message came
	n     int
	mails []letter
}

// A letter is a message as it came in, taken or not.
type letter struct {
	to   string
	head mail.Header
	body string
	raw  string
}

// serveMail starts a mail server. encryption is as in Mail.
func serveMail(t testing.TB, encryption string, change ...func(*postbox)) *postbox {
	t.Helper()
	p := &postbox{t: t, more: make(chan struct{})}
	for _, f := range change {
		f(p)
	}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{p: p}, nil }))
	srv.Domain, srv.ErrorLog = "mail.example.org", quietLog{}
	srv.ReadTimeout, srv.WriteTimeout = 20*time.Second, 20*time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().(*net.TCPAddr)
	if encryption != NoTLS {
		srv.TLSConfig, p.cert = certificate(t)
	}
	if encryption == TLS {
		l = tls.NewListener(l, srv.TLSConfig)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return p
}

// server is how to reach it.
func (p *postbox) server(encryption string) *Mail {
	m := &Mail{Host: "127.0.0.1", Port: p.addr.Port, Encryption: encryption, From: "Incidenten <incidents@example.org>"}
	if p.cert != nil {
		m.TLS = &tls.Config{RootCAs: p.cert}
	}
	return m
}

// messages waits until n messages came in, taken or not.
func (p *postbox) messages(n int) []letter {
	p.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 15*time.Second)
	defer stop()
	for {
		p.mu.Lock()
		got, more := slices.Clone(p.mails), p.more
		p.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-more:
		case <-ctx.Done():
			p.t.Fatalf("%d messages came, want %d", len(got), n)
		}
	}
}

type session struct {
	p  *postbox
	to string
	in bool
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.p.password != "" && !s.in {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if s.p.rcpt != nil {
		return s.p.rcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		s.p.t.Errorf("no mail: %v\n%s", err, raw)
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	s.p.mu.Lock()
	s.p.n++
	n := s.p.n
	s.p.mails = append(s.p.mails, letter{s.to, m.Header, string(body), string(raw)})
	close(s.p.more)
	s.p.more = make(chan struct{})
	s.p.mu.Unlock()
	if s.p.data != nil {
		return s.p.data(n)
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.p.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "ledger" || password != s.p.password {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

func answer(code int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: "as it was told"}
}

// certificate makes one for 127.0.0.1 and those who trust it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func TestMailGoesOutEncryptedOrNotAtAll(t *testing.T) {
	msg := message{id: "id.els", at: time.Now(), language: "nl", subject: "Onderwerp met ë", text: "Tekst\r\n"}
	for _, encryption := range []string{StartTLS, TLS, NoTLS} {
		t.Run(encryption, func(t *testing.T) {
			p := serveMail(t, encryption, func(p *postbox) { p.password = "Geheim" })
			m := p.server(encryption)
			m.User, m.Password = "ledger", "Geheim"
			if encryption == NoTLS {
				p.password, m.User = "", ""
			}
			if status, err := m.send(t.Context(), "els@example.org", msg, 5*time.Second); err != nil || status != 250 {
				t.Fatalf("status %d, %v", status, err)
			}
			if got := p.messages(1)[0]; got.head.Get("Message-Id") != "<id.els@example.org>" || got.to != "els@example.org" {
				t.Errorf("it came as %s", got.raw)
			}
			if encryption == NoTLS {
				return
			}
			m.Password = "guessed"
			if status, err := m.send(t.Context(), "els@example.org", msg, 5*time.Second); err == nil || status != 535 {
				t.Errorf("a wrong password: status %d, %v", status, err)
			}
			m.Password = "Geheim"
			m.TLS = nil
			if _, err := m.send(t.Context(), "els@example.org", msg, 5*time.Second); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("a certificate that nobody vouches for: %v", err)
			}
			if n := len(p.messages(1)); n != 1 {
				t.Errorf("%d messages came", n)
			}
		})
	}
	// A server that offers no TLS gets nothing.
	plain := serveMail(t, NoTLS)
	if _, err := plain.server(StartTLS).send(t.Context(), "els@example.org", msg, 5*time.Second); err == nil {
		t.Error("a message went out in the clear")
	}
	far := Mail{Host: "mail.example.org", Encryption: NoTLS, From: "a@example.org"}
	if far.check() == nil {
		t.Error("mail in the clear to another machine was taken")
	}
}

func TestNothingInAMessageBeginsAHeaderOfItsOwn(t *testing.T) {
	const evil = "x\r\nBcc: spy@example.org\r\n\r\nspied\u2028on"
	p := serveMail(t, NoTLS)
	m := p.server(NoTLS)
	msg := message{id: "id.els", at: time.Now(), language: "nl", subject: clean(evil), text: clean(evil) + "\r\n"}
	if _, err := m.send(t.Context(), "els@example.org", msg, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	got := p.messages(1)[0]
	if got.head.Get("Bcc") != "" || got.head.Get("Subject") != "x  Bcc: spy@example.org    spied on" || strings.Contains(got.body, "\nBcc") {
		t.Errorf("it came as\n%s", got.raw)
	}
	for _, to := range []string{evil, "els@example.org\r\nBcc: spy@example.org", "els@example.org, spy@example.org", "", "els"} {
		if _, err := m.send(t.Context(), to, msg, 5*time.Second); !errors.Is(err, errNever) {
			t.Errorf("the address %q: %v", to, err)
		}
	}
	if n := len(p.messages(1)); n != 1 {
		t.Errorf("%d messages came", n)
	}
}
