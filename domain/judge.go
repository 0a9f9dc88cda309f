package domain

import (
	"slices"
	"strings"
)

// mediums are the ways in which somebody's word can reach the actor.
var mediums = []Code{"oral", "phone", "paper", "email"}

// CheckOrder judges what every order has besides its command: when it happened,
// on whose word, and the reason for recording a fact against a rule. These are
// rules of form: no fact gets past them. It returns a *Refusal or nil; the order
// must be stamped with Recorded.
func CheckOrder(o Order) error {
	if !o.Occurred.IsZero() {
		if err := CheckInstant("occurred", o.Occurred.Time, o.Recorded, true); err != nil {
			return err
		}
	}
	if o.Occurred.Precision != "" && !o.Occurred.Precision.Valid() {
		return Invalid("precision", "precision is %q; choose one of second, minute, hour, day, about", o.Occurred.Precision)
	}
	if err := CheckText("happened", string(o.Happened), DefaultTextMax); err != nil {
		return err
	}
	if o.By == nil {
		return nil
	}
	if !slices.Contains(mediums, o.By.Medium) {
		return Invalid("by.medium", "by.medium is %q; choose one of oral, phone, paper, email", o.By.Medium)
	}
	given := 0
	for _, ok := range []bool{!o.By.Person.IsZero(), !o.By.Contact.IsZero(), o.By.Text != ""} {
		if ok {
			given++
		}
	}
	if given != 1 {
		return Invalid("by", "by names %d of person, contact and text; give exactly one", given)
	}
	return CheckText("by.text", string(o.By.Text), 300)
}

// Invalid refuses a field that breaks the declaration of its command.
func Invalid(field, format string, args ...any) *Refusal {
	r := Refuse(CodeInvalid, "contract 3", format, args...)
	r.Field = field
	return r
}

// Deviation is what stands among the events of a fact that the order records
// although r refuses it as an intention; false where the order gives no reason.
func Deviation(o Order, r *Refusal) (RuleDeviated, bool) {
	return RuleDeviated{
		Code: r.Code, Requirement: Code(strings.ReplaceAll(r.Requirement, " ", "-")), Reason: o.Happened,
	}, o.Happened != ""
}

// OrList writes codes as a sentence has them: a, b or c.
func OrList(codes []Code) string { return sentence(codes, "or") }

// AndList writes codes as a sentence has them: a, b and c.
func AndList(codes []Code) string { return sentence(codes, "and") }

func sentence(codes []Code, last string) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = string(c)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
