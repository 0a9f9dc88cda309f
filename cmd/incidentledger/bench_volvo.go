package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/intake"
)

// importVolvo takes the whole log of the BPI Challenge 2013 in, with the mapping
// that is shipped, through a desk with real keys, while all views follow.
func (b *bench) importVolvo(ctx context.Context) (err error) {
	src, err := intake.Shipped(intake.VolvoName)
	if err != nil {
		return err
	}
	mapping, err := intake.Load(intake.VolvoName, src, kindLookup())
	if err != nil {
		return err
	}
	log, err := openLog(b.volvo)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	h, o, err := b.house(ctx, "volvo")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close(), os.RemoveAll(filepath.Join(b.dir, "volvo"))) }()
	told := time.Now()
	begun := time.Now()
	sum, err := intake.Run(ctx, intake.Config{
		Desk: o.desk, Org: benchOrg, Mapping: mapping, Name: b.volvo, Input: log,
		Actor: domain.Actor{Role: "operator", For: benchOrg, Door: "import", Proof: "stated"},
		Progress: func(_ int64, rows int) {
			if time.Since(told) > 5*time.Second {
				told = time.Now()
				b.say("volvo: %d rows", rows)
			}
		},
	})
	if err != nil {
		return err
	}
	took := time.Since(begun)
	if err := caughtUp(ctx, o); err != nil {
		return err
	}
	b.add(benchRow{Name: "volvo", What: "import of the whole Volvo log", Unit: "orders/s", Value: float64(sum.Orders) / took.Seconds(), Rounds: 1,
		Note: fmt.Sprintf("%d orders of %d rows in %.1f s; accepted %d, refused %d, skipped %d; views %.1f s later",
			sum.Orders, sum.Rows, took.Seconds(), sum.Accepted, sum.Refused, sum.Skipped, (time.Since(begun) - took).Seconds())})
	return nil
}

// openLog opens a log, or the first CSV file of the ZIP file that it comes in.
func openLog(path string) (io.ReadCloser, error) {
	if !strings.EqualFold(filepath.Ext(path), ".zip") {
		return os.Open(path)
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range z.File {
		if !strings.EqualFold(filepath.Ext(f.Name), ".csv") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %s: %w", path, f.Name, err), z.Close())
		}
		return zipped{r, z}, nil
	}
	return nil, errors.Join(fmt.Errorf("%s holds no CSV file", path), z.Close())
}

// zipped is a file of an archive that is closed with it.
type zipped struct {
	io.ReadCloser
	archive io.Closer
}

func (z zipped) Close() error { return errors.Join(z.ReadCloser.Close(), z.archive.Close()) }
