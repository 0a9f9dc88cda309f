package vault

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"

	"incidentledger/domain"
)

// sealing gathers what one entry seals.
type sealing struct {
	random io.Reader
	parts  []part
}

// part is the disclosures that the same scopes seal.
type part struct {
	scopes      []string
	disclosures []string
}

// Seal parts the events of an order, and on whose word it came, into what may
// stand open and what is sealed: records with digests in place of text, and
// boxes with the text. version gives the current version of an event type, 0 if
// there is none.
//
// It returns only when every key it used is on disk. Sealing an order again,
// after a conflict, uses its keys again and gives other salts, digests and
// boxes. An error leaves nothing behind that counts; domain.ErrUnavailable says
// that trying again later is safe, for instance when the disk was full. When ctx
// ends first, keys may be made that nothing uses.
func (v *Vault) Seal(ctx context.Context, org domain.OrgID, ref domain.Ref, id domain.OrderID, by *domain.By,
	events []domain.Event, version func(name string) int) ([]domain.Record, *domain.By, []domain.Box, error) {

	fail := func(err error) ([]domain.Record, *domain.By, []domain.Box, error) {
		return nil, nil, nil, fmt.Errorf("vault: order %s: %w", id, err)
	}
	if err := v.serves(org); err != nil {
		return fail(err)
	}
	if v.readOnly {
		return fail(ErrReadOnly)
	}
	if id.IsZero() {
		return fail(fmt.Errorf("an order without an id cannot be sealed"))
	}
	s := sealing{random: v.random}
	records := make([]domain.Record, len(events))
	for i, e := range events {
		var err error
		if records[i], err = s.record(e, ref, id, version); err != nil {
			return fail(err)
		}
	}
	openBy, err := s.by(by, ref, id)
	if err != nil {
		return fail(err)
	}
	boxes, err := v.boxes(ctx, id, s.parts)
	if err != nil {
		return fail(err)
	}
	return records, openBy, boxes, nil
}

func (s *sealing) record(e domain.Event, ref domain.Ref, id domain.OrderID, version func(string) int) (domain.Record, error) {
	// Text is found in structs only; behind a pointer it would stay open.
	if e == nil || reflect.TypeOf(e).Kind() != reflect.Struct {
		return domain.Record{}, fmt.Errorf("event of type %T: an event must be a struct", e)
	}
	rec := domain.Record{Type: e.EventName(), V: version(e.EventName())}
	if rec.V < 1 {
		return domain.Record{}, fmt.Errorf("event %s is not declared", rec.Type)
	}
	open, fields := domain.SetApart(e, ref, id)
	rec.Event = open
	for _, f := range fields {
		digest, err := s.add(f.Path, f.Value, f.Scopes)
		if err != nil {
			return domain.Record{}, fmt.Errorf("event %s: %w", rec.Type, err)
		}
		rec.SD = append(rec.SD, digest)
	}
	slices.Sort(rec.SD)
	return rec, nil
}

func (s *sealing) by(by *domain.By, ref domain.Ref, id domain.OrderID) (*domain.By, error) {
	if by == nil {
		return nil, nil
	}
	if len(by.SD) > 0 {
		return nil, fmt.Errorf("by: it is sealed already")
	}
	open := *by
	if !open.Text.IsZero() {
		scopes := []string{"entry/" + id.String(), ref.String()}
		slices.Sort(scopes)
		digest, err := s.add(byPath, string(open.Text), slices.Compact(scopes))
		if err != nil {
			return nil, err
		}
		open.Text, open.SD = "", []domain.Digest{digest}
	}
	return &open, nil
}

func (s *sealing) add(path, value string, scopes []string) (domain.Digest, error) {
	var salt [saltSize]byte
	if _, err := io.ReadFull(s.random, salt[:]); err != nil {
		return "", fmt.Errorf("field %s: randomness: %w", path, err)
	}
	d, digest, err := newDisclosure(salt, path, value)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(s.parts, func(p part) bool { return slices.Equal(p.scopes, scopes) })
	if i < 0 {
		i, s.parts = len(s.parts), append(s.parts, part{scopes: scopes})
	}
	s.parts[i].disclosures = append(s.parts[i].disclosures, d)
	return digest, nil
}

// boxes seals each part. The keys are on their way to the disk meanwhile.
func (v *Vault) boxes(ctx context.Context, id domain.OrderID, parts []part) ([]domain.Box, error) {
	// A newline is less than any character of a scope, so this is the order of
	// scopes joined by newlines.
	slices.SortFunc(parts, func(a, b part) int { return slices.Compare(a.scopes, b.scopes) })
	all := make([]string, 0, 8)
	for _, p := range parts {
		all = append(all, p.scopes...)
	}
	slices.Sort(all)
	keys, groups, err := v.take(ctx, slices.Compact(all))
	if err != nil {
		return nil, err
	}
	var boxes []domain.Box
	for i, p := range parts {
		box, err := v.box(boxName(v.org, id, i), p, keys)
		if err != nil {
			return nil, fmt.Errorf("box %d: %w", i, err)
		}
		boxes = append(boxes, box)
	}
	if err := v.await(ctx, groups); err != nil {
		return nil, err
	}
	return boxes, nil
}

func (v *Vault) box(name string, p part, keys holding) (domain.Box, error) {
	size := 2
	for _, d := range p.disclosures {
		size += len(d) + 3
	}
	plain := append(make([]byte, 0, size), '[')
	for i, d := range p.disclosures {
		if i > 0 {
			plain = append(plain, ',')
		}
		plain = append(append(append(plain, '"'), d...), '"') // base64url needs no escape
	}
	plain = append(plain, ']')
	sealed := make([]byte, nonceSize, nonceSize+len(plain)+tagSize)
	if _, err := io.ReadFull(v.random, sealed); err != nil {
		return domain.Box{}, fmt.Errorf("randomness: %w", err)
	}
	box := domain.Box{Scopes: p.scopes, Alg: boxAlg, Kids: make([]string, len(p.scopes))}
	under := make([]scopeKey, len(p.scopes))
	for i, scope := range p.scopes {
		under[i], _ = keys.of(scope)
		box.Kids[i] = under[i].id()
	}
	sealed = newGCM(boxKey(name, under)).Seal(sealed, sealed, plain, boxAD(name, p.scopes))
	box.Box = b64.EncodeToString(sealed)
	return box, nil
}
