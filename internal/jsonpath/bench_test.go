package jsonpath

import (
	"strings"
	"testing"
)

// kilobyte is a document of about 1 KB, as an order or an event is.
var kilobyte = `{"id":"ord-20260718-0001","customer":{"id":48210,"name":"Ada Lovelace","email":"ada@example.com",` +
	`"address":{"street":"12 St James's Square","city":"London","postcode":"SW1Y 4JH","country":"GB"}},"items":[` +
	strings.Repeat(`{"sku":"B-1009","title":"Sketch of the Analytical Engine","quantity":2,"price":19.95,"tags":["book","history"]},`, 6) +
	`{"sku":"B-2001","title":"Notes\nby the translator","quantity":1,"price":7.5,"tags":[]}],"total":247.40,"paid":true,"coupon":null}`

func BenchmarkParse(b *testing.B) {
	data := []byte(kilobyte)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAgain(b *testing.B) {
	data := []byte(kilobyte)
	var m Memory
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Parse(data, Limits{}); err != nil {
			b.Fatal(err)
		}
		m.Reset()
	}
}

func BenchmarkFind(b *testing.B) {
	doc, err := Parse([]byte(kilobyte), Limits{})
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{"$.total", "$.customer.address.city", "$.items[3]['title']", "$.items[*].sku", "$..sku", "$.items[?(@.price > 10)].sku"} {
		b.Run(path, func(b *testing.B) {
			p, err := Compile(path)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := p.Find(doc, Limits{}); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	doc, err := Parse([]byte(kilobyte), Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = doc.AppendJSON(dst[:0])
	}
}
