// Package find is the index of one organisation's sealed texts: by which words
// and reference numbers stand in them, aggregates are found whose open fields say
// nothing of it.
//
// It follows the ledger behind the watermark, opens each entry, and keeps for
// every word the entries in which it stands, in memory alone: no text, and nothing
// on disk. So it begins anew with every start, and says how far it has come. A
// corrected text is found as it stood and as it stands: both are in the ledger. A
// box that is erased or cannot be read adds nothing, and what was found of an
// aggregate or entry can be dropped.
//
// It gives names of aggregates. Whoever shows them asks the view that lists them,
// which lets nobody see, count or page over what is withheld from them.
//
// It may import domain, handlers and golang.org/x/text.
//
// Invariant: an aggregate is found by each word of its sealed texts that can be
// read, and by nothing that was dropped.
package find
