package intake

import "embed"

// VolvoName is the file of the mapping for the log of the BPI Challenge 2013.
const VolvoName = "volvo-vinst.yaml"

//go:embed mappings/*.yaml
var shipped embed.FS

// Shipped gives the text of a mapping that comes with the program, such as
// VolvoName, to use or to start an own one from.
func Shipped(name string) ([]byte, error) { return shipped.ReadFile("mappings/" + name) }
