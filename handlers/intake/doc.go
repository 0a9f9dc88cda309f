// Package intake takes other systems' incidents through the desk: a log in CSV
// or JSON Lines, read by a mapping file, row by row, in one pass.
//
// It may import domain and the rooms below it, handlers, goccy/go-yaml,
// golang.org/x/text and a JSON library.
//
// Invariant: every row is accounted for exactly once, as accepted, repeated,
// refused or skipped. Which orders a row leads to follows from the mapping and
// the rows alone, never from what the desk answers, and the ids of orders follow
// from the mapping's id, the group and the row. So the same log may be taken in
// again at any time: what the ledger has is repeated, and nothing is doubled.
//
// # The mapping file
//
// A mapping is YAML; unknown keys are errors that tell file and line.
//
//	format: incident-mapping/1
//	id: tool-name            # stands in the ids of orders: never change it
//	input:
//	  format: csv            # csv or jsonl
//	  delimiter: ";"         # csv: "," where left out
//	  quote: '"'
//	  encoding: windows-1252 # any name of the WHATWG list; utf-8 where left out
//	  columns: [id, state]   # csv without a header row
//	group: id                # the column whose value makes rows one incident
//	order: file              # or time: the whole log is read and sorted first
//	identity: [change]       # columns that make a row that row; all where left out
//	identical: repeated      # a second identical row is a repetition; or distinct
//	time: {column: when, layouts: ["dd-MM-yyyy HH:mm"], zone: Europe/Amsterdam,
//	       repeated: earlier, missing: shift}
//	role: resolver           # of the actor, where an order names no other
//	by: {medium: paper, text: {column: agent}} # on whose word, likewise
//	happened: taken over     # why facts that break a rule are recorded (contract 3)
//	tables:
//	  impact: {values: {Hoog: high, Laag: low}, otherwise: medium}
//	rules:
//	  - name: first          # stands in the ids of orders, like id
//	    when: {first: true}
//	    goOn: true           # the rules below look at the row too
//	    orders:
//	      - command: ReportIncident
//	        fields: {kind: incident, title: {template: "{what} ({id})"}}
//
// A row goes through the rules in order until one fits that does not say goOn. A
// rule fits when all its conditions hold, and gives its orders or says skip with
// a reason. A row for which no rule gives an order or says skip is refused with
// the code no_rule. With stopOnRefusal: true a rule keeps back the orders behind
// one that is refused; else each stands for itself.
//
// A condition looks at a column (or at a note of the group) by eq, notEq, in,
// notIn, empty, prefix, suffix, contains, same or differs (from another column);
// or it is first: true for a group's first row, changed: COLUMN where the value
// is another than in the group's row before, any: or not: of conditions.
//
// A note is what the mapping remembers of a group while it reads: a rule or an
// order that fits sets it, and rows and orders behind it see it. Notes stand for
// what the other system knows without saying so in each row.
//
// A value is a constant, {column: C}, {template: "text {C}"}, a list, or members
// of an object. A column may have a table, a default for an empty cell, clip
// (at most so many characters), split (a list by that separator), as: code
// (spaces and signs that no code has become hyphens). The member's type in the
// command's declaration says what a text is turned into: truth, number, instant.
//
// Instants are read by layouts of yyyy yy MM M dd d HH H hh h a mm ss SSS XXX and
// 'literal text', or by the names rfc3339, unix and unixMilli. An instant without
// offset is reckoned in the zone. Where clocks were put back, a local time occurs
// twice: the earlier is taken (repeated: later or refuse say otherwise). Where
// they were put forward, a local time never occurred: it is moved on by the gap
// (missing: refuse says otherwise). Both are told as warnings. A member that is
// an instant also takes RFC 3339, whatever the layouts are.
//
// A group becomes one incident, whose key follows from the mapping's id and the
// group. A log must therefore hold a group from its beginning: one that starts
// in the middle leads to a second report, which the desk refuses.
package intake
