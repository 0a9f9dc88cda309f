// Package kit keeps the offline kit of an organisation in a folder: it is made
// when the program starts, when something in it changes, and every night.
//
// It may import domain and handlers. What is in a kit it does not know; cmd gives
// it the files.
//
// Invariant: a file of another kind is never written over, and a reader finds the
// old kit or the new one, whole.
package kit
