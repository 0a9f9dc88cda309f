package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"incidentledger/domain"
)

func TestTheSetupLinkWorksOnce(t *testing.T) {
	var founded []domain.OrgID
	srv := httptest.NewServer(Setup(SetupConfig{
		Token: "secret", Next: http.NotFoundHandler(),
		Found: func(_ context.Context, org domain.OrgID, name string, country domain.Code, zone string) error {
			if org == "bad" {
				return errors.New("no such <b>name</b>")
			}
			founded = append(founded, org)
			return nil
		},
	}))
	defer srv.Close()
	get := func(token string) (int, string) { return read(t)(http.Get(srv.URL + "/setup?token=" + token)) }
	post := func(token, org string) (int, string) {
		return read(t)(http.PostForm(srv.URL+"/setup", url.Values{"token": {token}, "org": {org}, "name": {"Gemeente Nuth"}, "country": {"NL"}}))
	}
	if status, _ := get("wrong"); status != http.StatusNotFound {
		t.Errorf("a wrong link gives %d", status)
	}
	foreign, err := http.NewRequest(http.MethodGet, srv.URL+"/setup?token=secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Host = "evil.example"
	if status, _ := read(t)(http.DefaultClient.Do(foreign)); status != http.StatusNotFound {
		t.Errorf("asked for by another name it gives %d", status)
	}
	if status, body := get("secret"); status != http.StatusOK || !strings.Contains(body, "<form") {
		t.Errorf("the link gives %d", status)
	}
	if status, _ := post("wrong", "nuth"); status != http.StatusNotFound || founded != nil {
		t.Errorf("a wrong token founds: %d", status)
	}
	if status, body := post("secret", "bad"); status != http.StatusUnprocessableEntity || !strings.Contains(body, "no such &lt;b&gt;name") {
		t.Errorf("a refusal gives %d: %s", status, body)
	}
	if status, body := post("secret", "nuth"); status != http.StatusOK || !strings.Contains(body, "is founded") {
		t.Errorf("founding gives %d: %s", status, body)
	}
	if status, _ := post("secret", "beek"); status != http.StatusNotFound || len(founded) != 1 {
		t.Errorf("the link works twice: %v", founded)
	}
}

func read(t *testing.T) func(*http.Response, error) (int, string) {
	return func(r *http.Response, err error) (int, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
}
