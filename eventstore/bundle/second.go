package bundle

import (
	"embed"
	"fmt"
)

// Verifier is the second verifier, which travels in every bundle.
//
//go:embed verify.py
var Verifier []byte

//go:embed papers
var papers embed.FS

// Readme gives the text that explains a bundle, in a language.
func Readme(lang string) ([]byte, error) {
	b, err := papers.ReadFile("papers/README." + lang + ".txt")
	if err != nil {
		return nil, fmt.Errorf("bundle: there is no explanation in the language %q", lang)
	}
	return b, nil
}
