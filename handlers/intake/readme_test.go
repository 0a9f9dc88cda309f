package intake

import (
	"os"
	"strings"
	"testing"
)

// The worked example of the README works as it stands there.
func TestWorkedExample(t *testing.T) {
	b, err := os.ReadFile("mappings/README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(b), "```")
	log, mapping := strings.TrimPrefix(blocks[1], "\n"), strings.TrimPrefix(blocks[3], "yaml\n")
	s := newStack(t, today)
	got := s.take(t, mustLoad(t, s, "README.md", []byte(mapping)), log)
	if got.Rows != 3 || got.Accepted != 3 || got.Orders != 6 {
		t.Errorf("%+v %+v", got.Summary, got.lines)
	}
	if !strings.Contains(string(b), `{"rows":3,"accepted":3,"repeated":0,"refused":0,"skipped":0,"orders":6}`) {
		t.Error("the README tells of another summary")
	}
}
