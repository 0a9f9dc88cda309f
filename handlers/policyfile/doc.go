// Package policyfile reads policy sets and rule files as people write them, in
// YAML, and holds the shipped set nl-be-local-government.
//
// It may import domain, domain/policy and goccy/go-yaml.
//
// Invariant: nothing in a file is passed over. Every key and value is taken into
// the set or is an error that tells file, line and column and what to write
// instead; what is loaded has no fault that policy.Set.Lint knows.
package policyfile
