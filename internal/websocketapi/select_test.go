package websocketapi

import "testing"

// The expressions of the developer guide's "WebSocket API selection
// expressions", and what is none.
func TestSelections(t *testing.T) {
	for _, tt := range []struct{ expression, body, want string }{
		{"$request.body.action", `{"service":"chat","action":"join"}`, "join"},
		{"${request.body.service}/${request.body.action}", `{"service":"chat","action":"join"}`, "chat/join"},
		{"${request.body.action}-${request.body.nope}", `{"action":"join"}`, "join-"},
		{"action", `{"action":"join"}`, "action"},
		{`\$default`, `{}`, "$default"},
		{"$request.body.a[0].b", `{"a":[{"b":1.50}]}`, "1.50"},
		{"$request.body.a", `{"a":["item1","item2"]}`, "[item1, item2]"},
		{"$request.body.a", `{"a":{"b":1,"c":null}}`, "{b=1, c=}"},
		{"$request.body.a", `no JSON`, ""},
	} {
		s, err := parseSelection(tt.expression, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(s.append(nil, &Event{body: []byte(tt.body)})); got != tt.want {
			t.Errorf("%s of %s is %q, not %q", tt.expression, tt.body, got, tt.want)
		}
	}
	for _, expression := range []string{"$", "${", "${}", "$request.header.x", "$request.body..", "${integration.response.statuscode}", "$context.connectionId"} {
		if _, err := parseSelection(expression, false); err == nil {
			t.Errorf("%s is taken", expression)
		}
	}
}

// FuzzSelection: no expression and no message break anything.
func FuzzSelection(f *testing.F) {
	f.Add("${request.body.a}/$request.body.b", `{"a":[1,{"x":"y"}],"b":true}`)
	f.Add(`\$default${integration.response.header.X}`, `{`)
	f.Add("$request.body['a']", `{"a":"$"}`)
	f.Fuzz(func(t *testing.T, expression, body string) {
		s, err := parseSelection(expression, true)
		if err != nil {
			return
		}
		s.append(nil, &Event{body: []byte(body)})
	})
}

// FuzzAnswers: whatever a function answers is read or refused.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":"b"},"multiValueHeaders":{"A":["c"]},"body":"x"}`))
	f.Add([]byte(`{"body":"aGk=","isBase64Encoded":true}`))
	f.Add([]byte(`{"statusCode":"2e2","body":{}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if r, fault := connectReply(payload); fault == nil && (r.status < 100 || r.header == nil) {
			t.Errorf("status %d", r.status)
		}
		messageReply(payload)
	})
}
