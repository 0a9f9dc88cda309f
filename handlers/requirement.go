package handlers

import (
	"errors"
	"reflect"
	"regexp"
	"strings"

	"incidentledger/domain"
)

// requirementID is how requirements are cited.
var requirementID = regexp.MustCompile(`\b(?:[A-Z]{3}-[0-9]{2}|X-[0-9]{2})\b`)

// because lets a refusal that rests on the form of orders alone cite what the
// field at fault is for, or else the command: the requirement that their
// description names first.
func because(err error, c domain.Command, docs map[string]string) error {
	var r *domain.Refusal
	if !errors.As(err, &r) || r.Requirement != "contract 3" {
		return err
	}
	t := reflect.TypeOf(c)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	id := requirementID.FindString(docs[t.Name()+"."+fieldNamed(t, r.Field)])
	if id == "" {
		id = requirementID.FindString(docs[t.Name()])
	}
	if id == "" {
		return err
	}
	cited := *r
	cited.Requirement = id
	return &cited
}

// fieldNamed gives the Go name of the field with which a path begins.
func fieldNamed(t reflect.Type, path string) string {
	first, _, _ := strings.Cut(path, ".")
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name == first {
			return t.Field(i).Name
		}
	}
	return ""
}
