// Package improvement holds the rules of one measure of improvement or
// prevention, from its proposal until its effect was checked. It outlives the
// incident that taught it.
//
// It may import domain and the standard library.
//
// Invariant: an improvement is done only when somebody found that it has the
// effect that was meant, or decided with reasons to drop it.
package improvement
