// Package testtsa is a timestamping authority (RFC 3161) for tests. It can be told
// to do wrong in every way that a verifier must notice. No room imports it but in
// tests.
//
// It may import the standard library and tspclient-go, nothing else.
//
// Invariant: what it makes is right, but for what the test asked it to spoil.
package testtsa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"slices"
	"sync"
	"time"

	_ "crypto/sha1" // for what must be refused

	"github.com/notaryproject/tspclient-go"
)

// A TSA is an authority: a root, and a certificate that it issued to sign with.
// It answers queries as a handler of HTTP.
type TSA struct {
	Roots []byte // PEM

	// Spoil changes what a token is made of; nil: nothing.
	Spoil func(*Parts)

	mu    sync.Mutex
	key   *ecdsa.PrivateKey
	cert  *x509.Certificate
	chain [][]byte // between root and cert
	count int64
}

// Options say what is unusual about an authority.
type Options struct {
	Name         string // "" is "Test TSA"
	Cert         func(*x509.Certificate)
	SelfSigned   bool
	Intermediate bool // an authority stands between the root and the certificate
	LaxUsage     bool // the extended key usage is not critical
	NoUsage      bool // there is none
}

// New makes an authority.
func New(o Options) *TSA {
	a := &TSA{}
	if o.Name == "" {
		o.Name = "Test TSA"
	}
	issuer := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: o.Name + " Root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().AddDate(-20, 0, 0), NotAfter: time.Now().AddDate(20, 0, 0)}
	key := a.newKey()
	issuer = a.issue(issuer, issuer, key, key)
	a.Roots = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuer.Raw})
	if o.Intermediate {
		below := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: o.Name + " CA"}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign, NotBefore: issuer.NotBefore, NotAfter: issuer.NotAfter}
		k := a.newKey()
		issuer, key = a.issue(below, issuer, k, key), k
		a.chain = append(a.chain, issuer.Raw)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: o.Name}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(10, 0, 0)}
	if !o.NoUsage {
		// Go writes extended key usages that are not critical.
		usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
		must(err)
		cert.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: !o.LaxUsage, Value: usage}}
	}
	if o.Cert != nil {
		o.Cert(cert)
	}
	a.key = a.newKey()
	if o.SelfSigned {
		issuer, key = cert, a.key
	}
	a.cert = a.issue(cert, issuer, a.key, key)
	return a
}

func (a *TSA) newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return k
}

// must: what is made here can always be made.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (a *TSA) issue(cert, issuer *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	b, err := x509.CreateCertificate(rand.Reader, cert, issuer, key.Public(), by)
	if err == nil {
		cert, err = x509.ParseCertificate(b)
	}
	must(err)
	return cert
}

// Asked tells how often the authority was asked.
func (a *TSA) Asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return int(a.count)
}

// ServeHTTP answers a query.
func (a *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	var q tspclient.Request
	if err == nil {
		err = q.UnmarshalBinary(b)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", tspclient.MediaTypeTimestampReply)
	w.Write(a.Answer(q.MessageImprint.HashedMessage, q.Nonce, time.Now()))
}

// Stamp gives a response over a message, as it comes without a nonce.
func (a *TSA) Stamp(message []byte, at time.Time) []byte {
	h := crypto.SHA256.New()
	h.Write(message)
	return a.Answer(h.Sum(nil), nil, at)
}

// Answer gives the response over an imprint.
func (a *TSA) Answer(imprint []byte, nonce *big.Int, at time.Time) []byte {
	a.mu.Lock()
	a.count++
	p := Parts{Imprint: imprint, Nonce: nonce, At: at, Serial: a.count, Version: 1, Content: tstInfo, Digest: crypto.SHA256, ESS: signingCertificateV2,
		Certs: append([][]byte{a.cert.Raw}, a.chain...), Signatures: 1}
	a.mu.Unlock()
	if a.Spoil != nil {
		a.Spoil(&p)
	}
	return a.marshal(struct {
		Status struct{ Status int }
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: a.token(p)}})
}

// Parts are what a token is made of.
type Parts struct {
	Imprint    []byte
	Nonce      *big.Int
	At         time.Time
	Serial     int64
	Version    int
	Content    asn1.ObjectIdentifier // its type
	Digest     crypto.Hash           // of imprint and signature
	ESS        asn1.ObjectIdentifier // the attribute that names the certificate
	Certs      [][]byte
	Signatures int
	Signature  func([]byte) // spoils a signature
}

var (
	tstInfo              = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	signedData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	contentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	messageDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	signingCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	ecdsaWithSHA256      = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	ecdsaWithSHA1        = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}

	// SigningCertificateV1 names a certificate by its SHA-1.
	SigningCertificateV1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	// Data is the type of content that is just data.
	Data = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}

	digestOIDs = map[crypto.Hash]asn1.ObjectIdentifier{crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA1: {1, 3, 14, 3, 2, 26}}
)

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type signerInfo struct {
	Version int
	ID      struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest    pkix.AlgorithmIdentifier
	Attrs     asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
}

func (a *TSA) token(p Parts) []byte {
	hash := pkix.AlgorithmIdentifier{Algorithm: digestOIDs[p.Digest], Parameters: asn1.NullRawValue}
	info := a.marshal(struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint struct {
			Hash  pkix.AlgorithmIdentifier
			Bytes []byte
		}
		Serial int64
		At     time.Time `asn1:"generalized"`
		Nonce  *big.Int  `asn1:"optional"`
	}{p.Version, asn1.ObjectIdentifier{1, 2, 3, 4, 1}, struct {
		Hash  pkix.AlgorithmIdentifier
		Bytes []byte
	}{hash, p.Imprint}, p.Serial, p.At.UTC().Truncate(time.Second), p.Nonce})

	var signers []signerInfo
	for range p.Signatures {
		signers = append(signers, a.sign(p, hash, info))
	}
	data := a.marshal(struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content struct {
			Type  asn1.ObjectIdentifier
			Bytes []byte `asn1:"explicit,tag:0"`
		}
		Certs   asn1.RawValue `asn1:"optional"`
		Signers []signerInfo  `asn1:"set"`
	}{3, []pkix.AlgorithmIdentifier{hash}, struct {
		Type  asn1.ObjectIdentifier
		Bytes []byte `asn1:"explicit,tag:0"`
	}{p.Content, info}, tagged(0, p.Certs), signers})
	return a.marshal(struct {
		Type asn1.ObjectIdentifier
		Data asn1.RawValue
	}{signedData, tagged(0, [][]byte{data})})
}

func (a *TSA) sign(p Parts, hash pkix.AlgorithmIdentifier, info []byte) signerInfo {
	sum := func(b []byte) []byte {
		h := p.Digest.New()
		h.Write(b)
		return h.Sum(nil)
	}
	type certID struct{ Hash []byte }
	attrs := [][]byte{
		a.attribute(contentType, p.Content), a.attribute(messageDigest, sum(info)),
		a.attribute(p.ESS, struct{ Certs []certID }{[]certID{{sum(a.cert.Raw)}}}),
	}
	slices.SortFunc(attrs, slices.Compare) // as a SET OF is in DER
	all := slices.Concat(attrs...)
	set := a.marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: all})
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, sum(set))
	must(err)
	if p.Signature != nil {
		p.Signature(sig)
	}
	s := signerInfo{Version: 1, Digest: hash, Attrs: tagged(0, [][]byte{all}), Algorithm: pkix.AlgorithmIdentifier{Algorithm: ecdsaWithSHA256}, Signature: sig}
	if p.Digest == crypto.SHA1 {
		s.Algorithm.Algorithm = ecdsaWithSHA1
	}
	s.ID.Issuer, s.ID.Serial = asn1.RawValue{FullBytes: a.cert.RawIssuer}, a.cert.SerialNumber
	return s
}

func (a *TSA) attribute(kind asn1.ObjectIdentifier, value any) []byte {
	return a.marshal(attribute{kind, []asn1.RawValue{{FullBytes: a.marshal(value)}}})
}

// tagged gives elements under a context tag; nothing where there are none.
func tagged(tag int, parts [][]byte) asn1.RawValue {
	if len(parts) == 0 {
		return asn1.RawValue{}
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: slices.Concat(parts...)}
}

func (a *TSA) marshal(v any) []byte {
	b, err := asn1.Marshal(v)
	must(err)
	return b
}
