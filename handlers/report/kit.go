package report

import (
	"time"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// A Kit is what people need when the ledger itself cannot be reached: whom to
// call, what to do first, the procedures, and forms to fill in by hand (SUP-01,
// BCM-10, GOV-20).
type Kit struct {
	Org    domain.OrgID `json:"org"`
	Name   string       `json:"name"`
	Made   time.Time    `json:"made"`
	Zone   string       `json:"zone"`
	Seq    domain.Seq   `json:"seq"`    // of the last entry that it rests on
	Erased int          `json:"erased"` // texts of it that can never be read again

	FirstHour   []Question  `json:"firstHour"`
	OnCall      []Turn      `json:"onCall"`
	Ladder      []StepUp    `json:"ladder"`
	Contacts    []Reachable `json:"contacts"`
	Authorities []Outside   `json:"authorities"` // as they are today, those of the own country first
	Suppliers   []Supplied  `json:"suppliers"`
	Services    []Provided  `json:"services"`
	Papers      []Paper     `json:"papers"`       // the documents in force
	Forms       []Blank     `json:"forms"`        // of the authorities
	Registered  []Fact      `json:"registration"` // the fields of the registration form, empty
}

// A Question is one line of a form or of a checklist.
type Question struct {
	Code  domain.Code       `json:"code"`
	Label map[string]string `json:"label,omitempty"` // by language
}

// A Blank is a form of authorities to be filled in by hand.
type Blank struct {
	Authorities []domain.Code `json:"authorities"`
	Regime      domain.Code   `json:"regime"`
	Stage       domain.Code   `json:"stage"`
	Questions   []Question    `json:"questions"`
}

// An Outside is an authority and how it is reached.
type Outside struct {
	ID      domain.Code   `json:"id"`
	Name    string        `json:"name"`
	Country domain.Code   `json:"country,omitempty"`
	Lines   []OutsideLine `json:"lines"`
	Note    string        `json:"note,omitempty"`
}

// An OutsideLine is one way to reach an authority, as the policy has it.
type OutsideLine struct {
	Kind      domain.Code `json:"kind"`
	Value     string      `json:"value,omitempty"`
	Mandatory bool        `json:"mandatory,omitempty"` // a notification lacking it is incomplete
	Hours     string      `json:"hours,omitempty"`
}

// A Turn is somebody's turn to be on call.
type Turn struct {
	Name handlers.Word   `json:"name"`
	Role []domain.Code   `json:"roles,omitempty"`
	When []domain.Weekly `json:"when,omitempty"` // absent: always
	Zone string          `json:"zone,omitempty"` // of these hours; absent: that of the ledger
	Ways []Way           `json:"ways"`
	Now  bool            `json:"now"` // when the kit was made
}

// A Way is one channel to reach somebody.
type Way struct {
	Kind     domain.Code   `json:"kind"`
	Address  handlers.Word `json:"address"`
	Safe     bool          `json:"safe,omitempty"`
	Fallback bool          `json:"fallback,omitempty"`
	For      domain.OrgID  `json:"for,omitempty"`
}

// A StepUp is one rung of the ladder of escalation, with those who have its role.
type StepUp struct {
	Level   int         `json:"level"`
	To      domain.Code `json:"to"`
	Seconds int64       `json:"afterSeconds"`
	Who     []Reachable `json:"who"`
}

// A Reachable is somebody in the directory of contacts, or a person who has a
// role in the house.
type Reachable struct {
	Name         handlers.Word   `json:"name"`
	Organisation handlers.Word   `json:"organisation"`
	Roles        []domain.Code   `json:"roles,omitempty"`
	Lists        []domain.Code   `json:"lists,omitempty"`
	Language     domain.Code     `json:"language,omitempty"`
	Ways         []Way           `json:"ways"`
	OnCall       []domain.Weekly `json:"onCall,omitempty"`
	Checked      time.Time       `json:"checked,omitzero"` // when it was last known to be right; absent: of a person
	Stale        bool            `json:"stale,omitempty"`
}

// A Supplied is a supplier with what was agreed and holds now.
type Supplied struct {
	Code      domain.Code   `json:"code"`
	Kind      domain.Code   `json:"kind"`
	Involved  bool          `json:"mayBeInvolved"`
	Name      handlers.Word `json:"name"`
	Contact   handlers.Word `json:"contact"`
	Phone     handlers.Word `json:"phone"`
	Email     handlers.Word `json:"email"`
	Contracts []Agreed      `json:"contracts"`
}

// An Agreed is a contract as far as it helps in an incident.
type Agreed struct {
	Code       domain.Code   `json:"code"`
	To         time.Time     `json:"to,omitzero"`
	Services   []domain.Code `json:"services"`
	Notice     int64         `json:"noticeMinutes,omitempty"`
	Update     int64         `json:"updateEveryMinutes,omitempty"`
	Terms      []Response    `json:"terms,omitempty"`
	Support    handlers.Word `json:"support"`
	Escalation handlers.Word `json:"escalation"`
}

// A Response is within what time a supplier responds and resolves at a priority;
// 0: not agreed.
type Response struct {
	Priority          int   `json:"priority"`
	ResponseMinutes   int64 `json:"responseMinutes,omitempty"`
	ResolutionMinutes int64 `json:"resolutionMinutes,omitempty"`
}

// A Provided is a service with what it rests on and what is owed by it.
type Provided struct {
	Code      domain.Code   `json:"code"`
	Sort      domain.Code   `json:"sort"`
	Owner     domain.Code   `json:"owner,omitempty"`
	Critical  bool          `json:"critical"`
	Vital     bool          `json:"vital"`
	Name      handlers.Word `json:"name"`
	RTO       int64         `json:"rtoMinutes,omitempty"`
	RPO       int64         `json:"rpoMinutes,omitempty"`
	Services  []domain.Code `json:"services,omitempty"`
	Suppliers []domain.Code `json:"suppliers,omitempty"`
}

// A Paper is a document in force.
type Paper struct {
	Code     domain.Code   `json:"code"`
	Kind     domain.Code   `json:"kind"`
	Version  domain.Code   `json:"version"`
	Approved time.Time     `json:"approved"`
	ReviewBy time.Time     `json:"reviewBy,omitzero"`
	Services []domain.Code `json:"services,omitempty"`
	Title    handlers.Word `json:"title"`
	Body     handlers.Word `json:"body"`
	Items    []PaperItem   `json:"items,omitempty"`
	File     domain.Hash   `json:"file,omitzero"` // of the document itself, where it lies outside the ledger
	FileName handlers.Word `json:"fileName"`
}

// A PaperItem is one line of a checklist.
type PaperItem struct {
	Code domain.Code   `json:"code"`
	Role domain.Code   `json:"role,omitempty"`
	Text handlers.Word `json:"text"`
}
