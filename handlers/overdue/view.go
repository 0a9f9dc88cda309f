package overdue

import (
	"context"
	"errors"
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
	"incidentledger/projections/deadlines"
)

// An Agenda is what must have been said by an instant.
type Agenda struct {
	Seq     domain.Seq         // the last entry that the view knew of
	Actions []deadlines.Action // of each clock the next thing only, in order of instants
	Next    time.Time          // when there is more to say; zero: nothing is known

	Law    deadlines.Law // that holds now
	Behind []domain.Key  // open incidents that were judged last by an older one
}

// Deadlines is the deadlines view as this door needs it.
type Deadlines interface {
	// Agenda gives what must have been said by an instant.
	// projections.ErrNotBuilt: the view is not there yet; ErrClosed: nor will it be.
	Agenda(until time.Time) (Agenda, error)
	// WaitFor waits until the view knows of an entry. Any error says that it does
	// not, and where ctx has not ended that waiting is of no use.
	WaitFor(ctx context.Context, seq domain.Seq) error
}

// View reads the deadlines view of an open store.
func View(db *projections.DB) Deadlines { return view{db} }

type view struct{ db *projections.DB }

func (v view) Agenda(until time.Time) (a Agenda, err error) {
	s, err := v.db.Snapshot()
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	d, err := deadlines.In(s)
	if err != nil {
		return a, err
	}
	a.Seq = d.Seq()
	if a.Actions, a.Next, err = d.Actions(until); err != nil {
		return a, err
	}
	a.Law, a.Behind, err = d.Behind()
	return a, err
}

func (v view) WaitFor(ctx context.Context, seq domain.Seq) error {
	return v.db.WaitFor(ctx, deadlines.Name, seq)
}
