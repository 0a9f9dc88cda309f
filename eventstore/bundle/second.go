package bundle

import _ "embed"

// Verifier is the second verifier, which travels in every bundle.
//
//go:embed verify.py
var Verifier []byte
