package suppliers

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "suppliers"

// New gives the view of suppliers.
func New() *projections.Things {
	ofSupplier := projections.Whole(supplier.Name, supplier.SupplierAdded{}, supplier.SupplierRetired{}, supplier.ContractRecorded{}, supplier.ContractAmended{},
		supplier.AuditRecorded{}, supplier.PlanRecorded{}, supplier.MFAAttested{})
	ofIncident := projections.Whole(incident.Name, append(incident.TakesBack(), incident.SupplierNoticeRecorded{}, incident.DowntimeRecorded{}, incident.ServiceCreditClaimed{})...)
	ofService := projections.Whole(service.Name, service.DependenciesSet{})
	return &projections.Things{
		Called: Name, Number: 2, Index: index, Classify: incident.Classify,
		Shapes: slices.Concat(incident.EventTypes(), supplier.Kind(nil, nil).Events, service.Kind(nil, nil).Events),
		Of: func(en *domain.Entry, e domain.Event) []string {
			return slices.Concat(ofSupplier(en, e), ofIncident(en, e), ofService(en, e))
		},
	}
}

// A Supplier is a line of the list of suppliers.
type Supplier struct {
	Key           domain.Key    `json:"key"`
	Code          domain.Code   `json:"code"`
	Kind          domain.Code   `json:"kind" doc:"partner, vendor or supplier"`
	MayBeInvolved bool          `json:"mayBeInvolved" doc:"in a serious incident"`
	Retired       bool          `json:"retired"`
	Contracts     []domain.Code `json:"contracts,omitempty"`
	Services      []domain.Code `json:"services,omitempty" doc:"that a contract ever covered"`
	Audited       time.Time     `json:"audited,omitzero" doc:"last"`
	Audit         domain.Code   `json:"audit,omitempty" doc:"its outcome: in-order, findings or failed"`
	NextAudit     time.Time     `json:"nextAudit,omitzero"`
	Plans         []domain.Code `json:"plans,omitempty" doc:"that were shown"`
	Exercised     time.Time     `json:"exercised,omitzero" doc:"when a plan was exercised last"`
	MFA           domain.Code   `json:"mfa,omitempty" doc:"enforced or lacking, as attested last; absent: never attested"`
	MFAAt         time.Time     `json:"mfaAt,omitzero"`
	Notices       int           `json:"notices" doc:"of incidents"`
	LateNotices   int           `json:"lateNotices"`
	MostLate      int64         `json:"mostLateMinutes,omitempty"`

	projections.Stamp // who last told of it
}

// Of sums up a supplier; false where t is none.
func Of(t *projections.Thing) (Supplier, supplier.State, bool) {
	st := projections.Folded[supplier.State](t)
	s := Supplier{Key: t.Ref.Key, Code: st.Supplier.Code, Kind: st.Supplier.Kind, MayBeInvolved: st.Supplier.MayBeInvolved, Retired: st.Retired,
		Stamp: t.Told[len(t.Told)-1].Stamp()}
	add := func(to *[]domain.Code, code domain.Code) {
		if !slices.Contains(*to, code) {
			*to = append(*to, code)
		}
	}
	for _, c := range st.Contracts {
		add(&s.Contracts, c.Contract.Code)
		for _, code := range c.Contract.Services {
			add(&s.Services, code)
		}
	}
	for _, a := range st.Audits {
		if !a.At.Before(s.Audited) {
			s.Audited, s.Audit, s.NextAudit = a.At, a.Outcome, a.Next
		}
	}
	for _, p := range st.Plans {
		if p.What == "plan" {
			add(&s.Plans, p.Plan)
		} else if p.At.After(s.Exercised) {
			s.Exercised = p.At
		}
	}
	for _, m := range st.MFA {
		if m.At.Before(s.MFAAt) {
			continue
		}
		if s.MFAAt, s.MFA = m.At, "lacking"; m.Enforced {
			s.MFA = "enforced"
		}
	}
	return s, st, t.Ref.Kind == supplier.Name && s.Code != ""
}

func index(t *projections.Thing) [][]byte {
	var out [][]byte
	for i := range t.Told {
		switch e := t.Told[i].Event.(type) {
		case incident.DowntimeRecorded:
			out = append(out, of('d', e.Service))
		case incident.SupplierNoticeRecorded:
			out = append(out, of('n', e.Supplier))
		case incident.ServiceCreditClaimed:
			out = append(out, of('c', e.Contract))
		}
	}
	return out
}

// of is the index key of incidents that tell something of a service, supplier or
// contract.
func of(what byte, code domain.Code) []byte { return projections.KeyText([]byte{what}, string(code)) }
