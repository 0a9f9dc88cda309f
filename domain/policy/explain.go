package policy

// Explain tells how a clock came to stand as it does, line by line.
func Explain(f Facts, b Basis, id ClockID) ([]string, error) { return nil, nil }
