package incident

import (
	"maps"
	"slices"
	"strings"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// asks reports whether a rule is about notifications to an authority under a
// regime; of a stage, unless none is given.
func (d *deciding) asks(r *policy.Rule, authority, regime, stage domain.Code) bool {
	if !r.To.Names(authority, d.profile()[r.To.Resolve]) {
		return false
	}
	met := policy.Path(strings.ReplaceAll(string(r.Met), "{recipient}", string(authority)))
	if met == policy.BreachNotified(authority) || met == policy.ControllerInformed {
		return regime == RegimeGDPR && (stage == "" || ofBreach(regime, stage))
	}
	of := r.Stage
	if of == "" {
		of = "initial"
	}
	return (stage == "" || stage == of) && met == policy.Submitted(regime, of, authority)
}

// asked gives the answers that the authority wants of the notification: those of
// the duties that it answers, else of every rule that is about such a one. A
// progress report in the place of a final one is asked how things stand: what is
// not over cannot be told as if it were. Any other only tells what there is.
func (e *AuthorityNotified) asked(d *deciding) []domain.Code {
	var out []domain.Code
	reports := false
	for _, id := range e.Duties {
		c := d.s.Clocks[policy.ClockID(id)]
		reports = reports || c.Stage == "final" || c.Stage == "progress"
		out = append(out, d.ruleOf(c).Answers...)
	}
	switch progress := e.Stage == "progress"; {
	case e.Foreign || progress && !reports:
		return nil
	case !progress && len(subjects(e.Duties)) > 0:
		return out
	}
	out = nil
	for _, id := range d.set.RuleNames() {
		if r, _ := d.set.Rule(id); !r.Dormant && d.asks(&r, e.Authority, e.Regime, e.Stage) {
			out = append(out, r.Answers...)
		}
	}
	return out
}

// answerable refuses an answer to what nobody asks: a slip in the name of a
// field would leave the question open and the answer unread. A set that knows no
// question of the authority under that regime takes every answer. Those that
// stood before are not judged again.
func (e *AuthorityNotified) answerable(d *deciding, under string, upto int, before map[domain.Code]Given) error {
	open := []domain.Code{}
	for _, th := range d.s.threads(e.Authority, e.Regime, upto) {
		for _, p := range th.open {
			open = append(open, p.Field)
		}
	}
	slices.Sort(open)
	open = slices.Compact(open)
	if e.Stage == "supplement" && len(e.Answers) == 0 {
		text := "a supplement gives at least one answer"
		if len(open) > 0 {
			text += "; still open: " + andList(open)
		}
		return malformed(under, "%s", text)
	}
	known := d.questions(e.Authority, e.Regime)
	if len(known) == 0 {
		return nil
	}
	known = append(known, open...)
	for _, id := range e.Duties {
		r := d.ruleOf(d.s.Clocks[policy.ClockID(id)])
		known = slices.Concat(known, r.Answers, r.LateAnswers)
	}
	return unasked(under, e.Authority, known, e.Answers, before)
}

// questions gives the answers that the policy knows of an authority under a
// regime: the fields of its forms, and what its rules ask.
func (d *deciding) questions(authority, regime domain.Code) []domain.Code {
	var out []domain.Code
	for _, f := range d.set.Forms {
		if f.Regime != regime || !slices.Contains(f.Authority, authority) {
			continue
		}
		for _, field := range f.Fields {
			out = append(out, field.Code)
		}
	}
	for _, id := range d.set.RuleNames() {
		if r, _ := d.set.Rule(id); d.asks(&r, authority, regime, "") {
			out = slices.Concat(out, r.Answers, r.LateAnswers)
		}
	}
	return out
}

// unasked refuses the first answer that is not among those known, if any is.
func unasked(under string, recipient domain.Code, known []domain.Code, answers, before map[domain.Code]Given) error {
	if len(known) == 0 {
		return nil
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, field := range slices.Sorted(maps.Keys(answers)) {
		if _, was := before[field]; !was && !slices.Contains(known, field) {
			return unknown(under+"."+string(field), "%s asks nothing called %s; it asks %s", recipient, field, andList(known))
		}
	}
	return nil
}

// leave tells which answers were asked and left out, and which the authority is
// still owed: all but those that it has. A supplement or final report leaves open
// what it does not name.
func (e *AuthorityNotified) leave(asked []domain.Code, before []thread) {
	n, supplementing := e.notification(), e.Stage == "supplement" || e.Stage == "final"
	var has []domain.Code
	missing := map[domain.Code]bool{}
	for i := range before {
		th := &before[i]
		if n.repeats(th.about) {
			has = append(has, th.known...)
		}
		for _, p := range th.open {
			if _, told := e.Answers[p.Field]; !told && supplementing && n.concerns(th) {
				missing[p.Field] = true
			}
		}
	}
	e.LeftOut = nil
	slices.Sort(asked)
	for _, field := range slices.Compact(asked) {
		if _, told := e.Answers[field]; !told {
			e.LeftOut = append(e.LeftOut, field)
			missing[field] = missing[field] || !slices.Contains(has, field)
		}
	}
	for field, a := range e.Answers {
		if a.Unknown {
			missing[field] = true
		}
	}
	maps.DeleteFunc(missing, func(_ domain.Code, is bool) bool { return !is })
	e.MissingAnswers = slices.Sorted(maps.Keys(missing))
}

// supplements reports whether the notification gives, or promises anew, an
// answer that the n-th one left open; a supplement is meant to.
func (e *AuthorityNotified) supplements(told []thread, n int) bool {
	i := slices.IndexFunc(told, func(th thread) bool { return th.n == n })
	return i >= 0 && (e.Stage == "supplement" || slices.ContainsFunc(told[i].open, func(p Pending) bool {
		_, is := e.Answers[p.Field]
		return is
	}))
}
