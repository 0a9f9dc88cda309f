package main

import (
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// A bar shows how far a long verb is, on a terminal only.
type bar struct {
	p *mpb.Progress
	b *mpb.Bar
}

func (a *app) bar(name string) *bar {
	f, ok := a.std.err.(*os.File)
	if !ok || a.quiet || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	p := mpb.New(mpb.WithOutput(f), mpb.WithWidth(48))
	return &bar{p: p, b: p.AddBar(0,
		mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.CountersNoUnit("%d / %d "), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "done")),
	)}
}

func (b *bar) at(done, of int64) {
	if b.b != nil {
		b.b.SetTotal(of, false)
		b.b.SetCurrent(done)
	}
}

func (b *bar) done() {
	if b.b != nil {
		b.b.SetTotal(-1, true)
		b.p.Wait()
	}
}
