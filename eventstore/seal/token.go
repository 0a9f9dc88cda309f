package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/notaryproject/tspclient-go"

	"incidentledger/domain"
)

var (
	// ErrToken says that a timestamp is wrong in itself: it is of another form,
	// over something else, or its signature is not that of its certificate.
	ErrToken = errors.New("the timestamp is wrong")

	// ErrUntrusted says that a timestamp is right in itself, and that none of the
	// roots from elsewhere stands behind it at the time that it tells.
	ErrUntrusted = errors.New("no root from elsewhere vouches for the timestamp")
)

// Roots are the certificates of timestamping authorities, or of those who issue
// theirs, that somebody believes.
type Roots struct{ pool *x509.CertPool }

// ParseRoots reads certificates in PEM.
func ParseRoots(text []byte) (*Roots, error) {
	r := &Roots{x509.NewCertPool()}
	n := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("timestamp roots: a block %q stands among the certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("timestamp roots: %w", err)
		}
		r.pool.AddCert(c)
		n++
	}
	if n == 0 {
		return nil, errors.New("timestamp roots: there is no certificate in PEM")
	}
	return r, nil
}

// A token is a timestamp as it is stored: a response of RFC 3161 that grants, with
// one signature, and with nothing in it that is not looked at. Where its elements
// are read, their tags are named in the order in which they must stand. Two
// verifiers in two languages read it in the same way, whatever the libraries
// behind them would let pass.
type token struct {
	signed  []byte // the CMS SignedData, with its content info
	imprint []byte
	of      crypto.Hash // of the imprint
	at      time.Time

	signer    []byte // certificate of the TSA
	algorithm x509.SignatureAlgorithm
	attrs     []byte // as they were signed
	signature []byte
}

// What stands in the DER of a response before the token: status 0, granted.
var granted = []byte{0x30, 3, 2, 1, 0}

// response gives the stored form of a token.
func response(signed []byte) []byte {
	b, _ := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true, Bytes: append(bytes.Clone(granted), signed...)})
	return b
}

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

// A digest that a token may use, and the signatures that go with it. SHA-1 is
// none.
type digest struct {
	oid        asn1.ObjectIdentifier
	hash       crypto.Hash
	rsa, ecdsa asn1.ObjectIdentifier
	withRSA    x509.SignatureAlgorithm
	withECDSA  x509.SignatureAlgorithm
}

var digests = []digest{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, x509.SHA256WithRSA, x509.ECDSAWithSHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, x509.SHA384WithRSA, x509.ECDSAWithSHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, x509.SHA512WithRSA, x509.ECDSAWithSHA512},
}

// is reports whether an element is this object identifier.
func (d der) is(oid asn1.ObjectIdentifier) bool {
	want, err := asn1.Marshal(oid)
	return err == nil && bytes.Equal(d.raw, want)
}

// algorithm gives the identifier of an algorithm without parameters.
func (d der) algorithm() (der, error) {
	if f := d.fields(0x30, "\x06"); f != nil {
		return f[0], nil
	}
	if f := d.fields(0x30, "\x06\x05"); f != nil && len(f[1].body) == 0 {
		return f[0], nil
	}
	return der{}, errors.New("an algorithm has parameters, or is none")
}

func (d der) digest() (digest, error) {
	oid, err := d.algorithm()
	for _, g := range digests {
		if err == nil && oid.is(g.oid) {
			return g, nil
		}
	}
	return digest{}, errors.Join(errors.New("it rests on no digest of the SHA-2 family"), err)
}

// readToken reads a stored timestamp without judging its signature.
func readToken(b []byte) (*token, error) {
	t := &token{}
	if err := t.read(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return t, nil
}

func (t *token) read(b []byte) error {
	whole, err := parseDER(b)
	if err != nil {
		return err
	}
	r := whole.fields(0x30, "\x30\x30")
	if r == nil || !bytes.Equal(r[0].raw, granted) {
		return errors.New("it is no response that grants a timestamp")
	}
	t.signed = r[1].raw
	info := r[1].fields(0x30, "\x06\xa0")
	if info == nil || !info[0].is(oidSignedData) || len(info[1].children()) != 1 {
		return errors.New("it holds no signed data")
	}
	data := info[1].children()[0].fields(0x30, "\x02\x31\x30\xa0\x31")
	if data == nil || !bytes.Equal(data[0].body, []byte{3}) {
		return errors.New("its signed data are not those of one TSA, with its certificate")
	}
	content := data[2].fields(0x30, "\x06\xa0")
	if content == nil || !content[0].is(oidTSTInfo) || content[1].fields(0xa0, "\x04") == nil {
		return errors.New("what it signs is no timestamp")
	}
	tst := content[1].children()[0].body
	if err := t.readInfo(tst); err != nil {
		return err
	}
	signers := data[4].fields(0x31, "\x30")
	if signers == nil {
		return errors.New("it has not one signature")
	}
	return t.readSigner(signers[0], data[1], data[3], tst)
}

// readInfo reads the TSTInfo.
func (t *token) readInfo(b []byte) error {
	info, err := parseDER(b)
	if err != nil {
		return err
	}
	c := info.children()
	if info.tag != 0x30 || len(c) < 5 || c[0].tag != 2 || !bytes.Equal(c[0].body, []byte{1}) || c[1].tag != 6 || c[3].tag != 2 || c[4].tag != 0x18 {
		return errors.New("its content is not that of a timestamp")
	}
	imprint := c[2].fields(0x30, "\x30\x04")
	if imprint == nil {
		return errors.New("it has no imprint")
	}
	g, err := imprint[0].digest()
	if err != nil {
		return err
	}
	t.of, t.imprint = g.hash, imprint[1].body
	if t.at, err = time.Parse("20060102150405Z", string(c[4].body)); err != nil { // takes fractions of a second too
		return errors.New("it tells no instant")
	}
	return nil
}

// readSigner reads who signed, and holds the parts against each other that no
// signature covers.
func (t *token) readSigner(s, algorithms, certs der, tst []byte) error {
	f := s.fields(0x30, "\x02\x30\x30\xa0\x30\x04")
	if f == nil || !bytes.Equal(f[0].body, []byte{1}) {
		return errors.New("its signature is not of the form that a TSA gives")
	}
	g, err := f[2].digest()
	if err != nil {
		return err
	}
	named := algorithms.fields(0x31, "\x30")
	if named == nil {
		return errors.New("it names not one digest")
	}
	if other, err := named[0].digest(); err != nil || other.hash != g.hash {
		return errors.New("it names another digest than that of its signature")
	}
	sig, err := f[4].algorithm()
	switch {
	case err != nil:
		return err
	case sig.is(oidRSA), sig.is(g.rsa):
		t.algorithm = g.withRSA
	case sig.is(g.ecdsa):
		t.algorithm = g.withECDSA
	default:
		return errors.New("its signature is neither RSA (PKCS #1) nor ECDSA")
	}
	t.attrs = bytes.Clone(f[3].raw)
	t.attrs[0] = 0x31 // a SET, which is what is signed
	t.signature = f[5].body
	return t.readAttributes(f[3], f[1], certs, g, tst)
}

// readAttributes checks what the signed attributes say of the content and of the
// certificate, and finds that.
func (t *token) readAttributes(attrs, sid, certs der, g digest, tst []byte) error {
	values := map[string]der{}
	for _, a := range attrs.children() {
		f := a.fields(0x30, "\x06\x31")
		if f == nil || len(f[1].children()) != 1 || values[string(f[0].raw)].raw != nil {
			return errors.New("its signed attributes are malformed")
		}
		values[string(f[0].raw)] = f[1].children()[0]
	}
	attr := func(oid asn1.ObjectIdentifier) der {
		b, _ := asn1.Marshal(oid)
		return values[string(b)]
	}
	h := g.hash.New()
	h.Write(tst)
	if sum := attr(oidMessageDigest); sum.tag != 4 || !bytes.Equal(sum.body, h.Sum(nil)) {
		return errors.New("its signature is over another content")
	}
	if !attr(oidContentType).is(oidTSTInfo) {
		return errors.New("its signature is not over a timestamp")
	}
	// SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, … }
	ess := attr(oidSigningCertV2).children()
	if len(ess) == 0 || len(ess[0].children()) == 0 {
		return errors.New("it does not name the certificate of the TSA by a hash of the SHA-2 family")
	}
	id := ess[0].children()[0].children()
	name := digests[0]
	if len(id) > 0 && id[0].tag == 0x30 {
		var err error
		if name, err = id[0].digest(); err != nil {
			return err
		}
		id = id[1:]
	}
	if len(id) == 0 || id[0].tag != 4 {
		return errors.New("it does not name the certificate of the TSA")
	}
	for _, c := range certs.children() {
		h := name.hash.New()
		h.Write(c.raw)
		if bytes.Equal(h.Sum(nil), id[0].body) && bytes.Equal(sid.body, issuerAndSerial(c)) {
			t.signer = c.raw
			return nil
		}
	}
	return errors.New("the certificate that it names is not in it")
}

// issuerAndSerial gives what stands for a certificate as the id of a signer.
func issuerAndSerial(cert der) []byte {
	c := cert.children()
	if len(c) == 0 {
		return nil
	}
	f := c[0].children()
	if len(f) > 0 && f[0].tag == 0xa0 { // version
		f = f[1:]
	}
	if len(f) < 3 {
		return nil
	}
	return append(bytes.Clone(f[2].raw), f[0].raw...)
}

// over says whether the token is over a note, and signed by the certificate in it.
func (t *token) over(note []byte) error {
	h := t.of.New()
	h.Write(note)
	if !bytes.Equal(h.Sum(nil), t.imprint) {
		return fmt.Errorf("%w: it is over something else than this checkpoint", ErrToken)
	}
	cert, err := x509.ParseCertificate(t.signer)
	if err == nil {
		err = cert.CheckSignature(t.algorithm, t.attrs, t.signature)
	}
	if err != nil {
		return fmt.Errorf("%w: its signature: %w", ErrToken, err)
	}
	return nil
}

// believed says whether roots stand behind the token at the time that it tells.
func (t *token) believed(roots *Roots) (*x509.Certificate, error) {
	if roots == nil {
		return nil, fmt.Errorf("%w: there are none", ErrUntrusted)
	}
	signed, err := tspclient.ParseSignedToken(t.signed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	chain, err := signed.Verify(context.Background(), x509.VerifyOptions{Roots: roots.pool, CurrentTime: t.at})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	const only = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if u := chain[0].KeyUsage; u&^only != 0 {
		return nil, fmt.Errorf("%w: the key of its certificate is for other things too", ErrUntrusted)
	}
	return chain[0], nil
}

// A Stamp is what a timestamp says.
type Stamp struct {
	TSA     string     // as the configuration calls it
	Size    domain.Seq // of the checkpoint that it is over
	At      time.Time  // by the clock of the TSA
	Expires time.Time  // of the certificate of the TSA
	Subject string     // whose certificate that is
}

// CheckStamp judges a stored timestamp over a checkpoint by roots from elsewhere.
// Errors: [ErrToken], and [ErrUntrusted] for one that is right in itself.
func CheckStamp(stored, note []byte, roots *Roots, now time.Time) (Stamp, error) {
	t, err := readToken(stored)
	if err == nil {
		err = t.over(note)
	}
	if err != nil {
		return Stamp{}, err
	}
	cert, err := t.believed(roots)
	if err != nil {
		return Stamp{}, err
	}
	if t.at.After(now.Add(skew)) {
		return Stamp{}, fmt.Errorf("%w: it tells an instant in the future, %s", ErrUntrusted, t.at.Format(time.RFC3339))
	}
	return Stamp{At: t.at, Expires: cert.NotAfter, Subject: cert.Subject.String()}, nil
}
