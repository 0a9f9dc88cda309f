package domain

import "strings"

// Kebab writes the name of a command or event as it stands in addresses and
// subjects: ReportIncident is report-incident, KSZMajorClassified is
// ksz-major-classified. Names are ASCII.
func Kebab(name string) string {
	upper := func(i int) bool { return i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	var b strings.Builder
	for i := range len(name) {
		if upper(i) && i > 0 && (!upper(i-1) || i+1 < len(name) && !upper(i+1)) {
			b.WriteByte('-')
		}
		b.WriteString(strings.ToLower(name[i : i+1]))
	}
	return b.String()
}
