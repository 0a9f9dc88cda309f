package incident

import (
	"encoding/json"
	"maps"
	"slices"

	"incidentledger/domain"
)

// A register is what the organisation's services and suppliers say in a test.
type register struct {
	services  map[domain.Code]Service
	suppliers map[domain.Code]Supplier
}

func (r *register) Service(code domain.Code) (Service, domain.Basis, bool) {
	s, ok := r.services[code]
	return s, domain.Basis{Kind: "service", Key: domain.KeyNamed(org, "service", string(code)), Seq: 1}, ok
}

func (r *register) Supplier(code domain.Code) (Supplier, domain.Basis, bool) {
	s, ok := r.suppliers[code]
	return s, domain.Basis{Kind: "supplier", Key: domain.KeyNamed(org, "supplier", string(code)), Seq: 1}, ok
}

// register keeps what a line says of a service or supplier.
func (w *world) register(kind string, code domain.Code, said string) error {
	r, ok := w.basis.Register.(*register)
	if !ok {
		r = &register{map[domain.Code]Service{}, map[domain.Code]Supplier{}}
		w.basis.Register = r
	}
	if kind == "service" {
		var s Service
		err := json.Unmarshal([]byte(said), &s)
		r.services[code] = s
		return err
	}
	var s Supplier
	err := json.Unmarshal([]byte(said), &s)
	r.suppliers[code] = s
	return err
}

func (r *register) Dependents(code domain.Code) []domain.Code {
	var out []domain.Code
	for _, name := range slices.Sorted(maps.Keys(r.services)) {
		if slices.Contains(r.services[name].Services, code) {
			out = append(out, name)
		}
	}
	return out
}

func (r *register) Holders(contract domain.Code) []domain.Code {
	var out []domain.Code
	for _, name := range slices.Sorted(maps.Keys(r.suppliers)) {
		if slices.ContainsFunc(r.suppliers[name].Contracts, func(c Contract) bool { return c.Code == contract }) {
			out = append(out, name)
		}
	}
	return out
}

func (*register) Improvements(domain.Key) []Improvement { return nil }
