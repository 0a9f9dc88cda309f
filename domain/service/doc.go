// Package service holds the rules of one service of the organisation: who owns
// it, how much rests on it, on which services and suppliers it depends, what is
// owed to customers by it, and how soon it must be back.
//
// It may import domain and the standard library.
//
// Invariant: a service is known by its short code, from which its key follows.
package service
