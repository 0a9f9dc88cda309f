package policyfile
import ("testing";"fmt")
func TestX(t *testing.T){ s,err:=Shipped(); if err!=nil {t.Fatal(err)}; fmt.Println(s.Hash(), len(s.Canonical()), s.RuleNames()) }
