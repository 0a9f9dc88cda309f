package policyfile

import (
	"cmp"
	_ "embed"
	"errors"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"incidentledger/domain/policy"
)

// ShippedName is the file of the set that comes with the program.
const ShippedName = "nl-be-local-government.yaml"

//go:embed nl-be-local-government.yaml
var shipped []byte

// Shipped gives the policy set that comes with the program.
func Shipped() (*policy.Set, error) { return Load(ShippedName, shipped) }

// ShippedSource gives the text of its file, to read and to start an own set from.
func ShippedSource() []byte { return slices.Clone(shipped) }

// Load reads a policy set from YAML; name is the file's name for messages. Its
// keys are those of the set's JSON form; one element may stand for a list of
// one, a list of recipients for {all: […]}, a path for {path: …}. The error joins
// one *Error for each fault.
func Load(name string, src []byte) (*policy.Set, error) {
	d := newDecoder(name)
	root, err := d.root(src)
	if err != nil {
		return nil, err
	}
	var s policy.Set
	d.value(root, reflect.ValueOf(&s).Elem(), "")
	return d.finish(s, root)
}

// finish makes the set and reports its faults at their places in the file.
func (d *decoder) finish(s policy.Set, root ast.Node) (*policy.Set, error) {
	if len(d.errs) == 0 {
		for _, err := range s.Lint() {
			var f *policy.Fault
			if errors.As(err, &f) {
				d.fault(f, root)
			}
		}
	}
	if len(d.errs) > 0 {
		slices.SortStableFunc(d.errs, func(a, b error) int {
			x, y := a.(*Error), b.(*Error)
			return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
		})
		d.errs = slices.CompactFunc(d.errs, func(a, b error) bool { return *a.(*Error) == *b.(*Error) })
		return nil, errors.Join(d.errs...)
	}
	return policy.New(s)
}

func (d *decoder) fault(f *policy.Fault, root ast.Node) {
	n, ok := d.place(f.Path)
	if !ok {
		n = root
	}
	d.fail(n, "%s", f.Text)
}
