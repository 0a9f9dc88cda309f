// Package sample holds the case that a new user sees: a municipality struck by
// ransomware, from the first report to the closing of the case, and some small
// incidents beside it whose clocks run.
//
// It may import domain, handlers, goccy/go-yaml and a JSON library.
//
// Invariant: the case is played through the desk like any other order, and its
// instants keep their distances: the whole is moved so that its present is the
// moment of playing. Playing it again into the same ledger repeats it as long
// as the same moment is given.
//
// The script case.yaml retells public facts on the attack on the municipality of
// Hof van Twente in 2020 in words of its own. What nobody made public is
// invented; the script marks it, in comments and in the texts themselves.
package sample
