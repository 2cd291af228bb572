package userpool

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestTokens holds claims to what AWS documents (developer guide,
// "Understanding the identity (ID) token" and "the access token").
func TestTokens(t *testing.T) {
	w := newWorld(t)
	pool := w.pool(func(s *Settings) {
		s.Schema = []Attribute{{Name: "team", Mutable: true}, {Name: "rank", Type: "Number", Mutable: true}}
	})
	app := w.app(pool)
	w.ann(pool, Value{"email", "ann@example.com"}, Value{"email_verified", "true"}, Value{"custom:team", "blue"}, Value{"custom:rank", "3"}, Value{"address", "1 Road"})
	one, two := 1, 2
	for _, g := range []Group{{Name: "last"}, {Name: "second", Precedence: &two, Role: "arn:aws:iam::000000000000:role/b"}, {Name: "first", Precedence: &one, Role: "arn:aws:iam::000000000000:role/a"}} {
		must[*Group](t)(w.CreateGroup(t.Context(), testScope, pool, g))
		w.ok(w.AddToGroup(t.Context(), testScope, pool, "ann", g.Name))
	}
	tokens := must[*Result](t)(w.login(app, "ann", goodPassword)).Tokens
	u := must[*User](t)(w.User(t.Context(), testScope, pool, "ann"))
	id, access := claims(t, tokens.ID), claims(t, tokens.Access)
	if id["jti"] == access["jti"] || id["origin_jti"] != access["origin_jti"] || id["event_id"] != access["event_id"] {
		t.Error("jti, origin_jti or event_id")
	}
	at := float64(w.clock.Unix())
	common := map[string]any{"sub": u.Sub, "iss": "https://cognito-idp.us-east-1.amazonaws.com/" + string(pool), "auth_time": at, "iat": at, "exp": at + 3600,
		"cognito:groups": []any{"first", "second", "last"}, "origin_jti": id["origin_jti"], "event_id": id["event_id"]}
	want := func(own map[string]any) map[string]any {
		m := map[string]any{}
		for _, from := range []map[string]any{common, own} {
			for k, v := range from {
				m[k] = v
			}
		}
		return m
	}
	if d := cmp.Diff(want(map[string]any{"token_use": "access", "client_id": string(app), "username": "ann", "scope": selfScope, "jti": access["jti"]}), access); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want(map[string]any{
		"token_use": "id", "aud": string(app), "cognito:username": "ann", "email": "ann@example.com", "email_verified": true, "custom:team": "blue", "custom:rank": "3",
		"address": map[string]any{"formatted": "1 Road"}, "cognito:roles": []any{"arn:aws:iam::000000000000:role/a", "arn:aws:iam::000000000000:role/b"},
		"cognito:preferred_role": "arn:aws:iam::000000000000:role/a", "jti": id["jti"],
	}), id); d != "" {
		t.Error(d)
	}

	// A group that is gone is one's no more, nor is a later one of its name.
	w.ok(w.DeleteGroup(t.Context(), testScope, pool, "first"))
	must[*Group](t)(w.CreateGroup(t.Context(), testScope, pool, Group{Name: "first"}))
	again := claims(t, must[*Result](t)(w.login(app, "ann", goodPassword)).Tokens.ID)
	if d := cmp.Diff([]any{"second", "last"}, again["cognito:groups"]); d != "" {
		t.Error(d)
	}

	// A client reads what it may.
	shy := w.app(pool, func(s *ClientSettings) {
		s.Read, s.NoRevocation, s.AccessValidity, s.IDValidity = []string{"email"}, true, Validity{10, "minutes"}, Validity{1200, "seconds"}
	})
	r := must[*Result](t)(w.login(shy, "ann", goodPassword)).Tokens
	id, access = claims(t, r.ID), claims(t, r.Access)
	if id["email"] == nil || id["custom:team"] != nil || id["email_verified"] != nil || id["origin_jti"] != nil {
		t.Errorf("what a client may not read: %v", id)
	}
	if id["exp"] != at+1200 || access["exp"] != at+600 || r.Life() != 600 {
		t.Errorf("validity: %v %v", id["exp"], access["exp"])
	}
}

// TestRefresh: a refresh token is good for its client, until it is revoked,
// runs out, or its user goes.
func TestRefresh(t *testing.T) {
	w := newWorld(t)
	pool := w.pool()
	app, other := w.app(pool), w.app(pool)
	w.ann(pool)
	login := func() *Tokens { t.Helper(); return must[*Result](t)(w.login(app, "ann", goodPassword)).Tokens }
	refresh := func(by ClientID, token string) (*Tokens, error) {
		r, err := w.InitiateAuth(t.Context(), by, "REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": token})
		if err != nil {
			return nil, err
		}
		return r.Tokens, nil
	}
	refused := func(token, want string) {
		t.Helper()
		_, err := refresh(app, token)
		w.refuses(err, "NotAuthorizedException: "+want)
	}
	first := login()
	w.clock = w.clock.Add(time.Hour)
	next := must[*Tokens](t)(refresh(app, first.Refresh))
	if next.Refresh != "" || claims(t, next.ID)["auth_time"] != claims(t, first.ID)["auth_time"] || claims(t, next.ID)["origin_jti"] != claims(t, first.ID)["origin_jti"] {
		t.Error("a refresh is another sign-in")
	}
	if _, err := refresh(other, first.Refresh); err == nil {
		t.Error("another client's")
	}
	refused("x", "Invalid Refresh Token")
	refused(first.Refresh[:len(first.Refresh)-10]+"AAAAAAAAAA", "Invalid Refresh Token")

	w.ok(w.RevokeToken(t.Context(), app, "", first.Refresh))
	w.ok(w.RevokeToken(t.Context(), app, "", first.Refresh))
	refused(first.Refresh, "Refresh Token has been revoked")
	_, err := w.GetUser(t.Context(), next.Access)
	w.refuses(err, "NotAuthorizedException: Access Token has been revoked")

	late := login()
	w.clock = w.clock.Add(30 * 24 * time.Hour)
	refused(late.Refresh, "Refresh Token has expired")
	_, err = w.GetUser(t.Context(), late.Access)
	w.refuses(err, "NotAuthorizedException: Access Token has expired")

	out := login()
	w.ok(w.GlobalSignOut(t.Context(), out.Access))
	refused(out.Refresh, "Refresh Token has been revoked")

	disabled := login()
	w.ok(w.EnableUser(t.Context(), testScope, pool, "ann", false))
	refused(disabled.Refresh, "Refresh Token has been revoked")
	_, err = w.login(app, "ann", goodPassword)
	w.refuses(err, "NotAuthorizedException: User is disabled.")
	_, err = w.login(app, "ann", "x")
	w.refuses(err, "NotAuthorizedException: Incorrect username or password.")
	w.ok(w.EnableUser(t.Context(), testScope, pool, "ann", true))

	gone := login()
	w.ok(w.DeleteUser(t.Context(), testScope, pool, "ann"))
	w.ann(pool)
	refused(gone.Refresh, "Refresh Token has been revoked")
	_, err = w.GetUser(t.Context(), gone.Access)
	w.refuses(err, "UserNotFoundException: User does not exist.")

	w.limits.SignIns = 3
	oldest := login()
	for range 3 {
		w.clock = w.clock.Add(time.Second)
		login()
	}
	refused(oldest.Refresh, "Refresh Token has been revoked")
}

// TestAttempts: wrong passwords make one wait, whichever flow is tried and
// whoever is named (developer guide, "Sign-in behaviors").
func TestAttempts(t *testing.T) {
	const wrong, exceeded = "NotAuthorizedException: Incorrect username or password.", "NotAuthorizedException: Password attempts exceeded"
	for _, name := range []string{"ann", "nobody"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			pool := w.pool()
			app := w.app(pool, func(s *ClientSettings) { s.Existence = "ENABLED" })
			w.ann(pool)
			for i := range 5 {
				var err error
				if i%2 == 0 {
					_, err = w.login(app, name, "wrong")
				} else {
					_, err = w.srp(pool, app, name, "wrong")
				}
				w.refuses(err, wrong)
			}
			_, err := w.login(app, name, goodPassword)
			w.refuses(err, exceeded)
			_, err = w.srp(pool, app, name, goodPassword)
			w.refuses(err, exceeded)
			for pause := time.Second; pause < 4*time.Second; pause *= 2 {
				w.clock = w.clock.Add(pause - time.Millisecond)
				_, err = w.login(app, name, "wrong")
				w.refuses(err, exceeded)
				w.clock = w.clock.Add(time.Millisecond)
				_, err = w.login(app, name, "wrong")
				w.refuses(err, wrong)
			}
			if name != "ann" {
				return
			}
			w.clock = w.clock.Add(4 * time.Second)
			must[*Result](t)(w.login(app, name, goodPassword))
			_, err = w.login(app, name, "wrong")
			w.refuses(err, wrong) // from the start again
		})
	}
	a := newAttempts(2)
	now := time.Now()
	for _, name := range []string{"a", "b"} {
		a.failed(name, now)
	}
	if a.room("c", now) || a.failed("c", now) || !a.room("a", now) {
		t.Error("what is counted isn't bounded")
	}
	if !a.room("c", now.Add(16*time.Minute)) {
		t.Error("what is old isn't forgotten")
	}
	for range 40 {
		a.failed("a", now)
	}
	if a.may("a", now.Add(15*time.Minute-time.Second)) || !a.may("a", now.Add(15*time.Minute)) {
		t.Error("the longest pause isn't 15 minutes")
	}
}

// TestExistence: a client that is ENABLED can't tell who is a user, in as many
// words and bytes.
func TestExistence(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"names": func(*Settings) {}, "mail as names": func(s *Settings) { s.UsernameAttributes, s.AutoVerified = []string{"email"}, []string{"email"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			pool := w.pool(change)
			app := w.app(pool, func(s *ClientSettings) { s.Existence = "ENABLED" })
			there, not := "ann", "eve"
			if name != "names" {
				there, not = "ann@example.com", "eve@example.com"
			}
			must[*User](t)(w.CreateUser(t.Context(), testScope, pool, NewUser{Name: there, Suppress: true}))
			w.ok(w.SetPassword(t.Context(), testScope, pool, there, goodPassword, true))
			begin := func(name string) map[string]string {
				r := must[*Result](t)(w.InitiateAuth(t.Context(), app, "USER_SRP_AUTH", map[string]string{"USERNAME": name, "SRP_A": newHexClient(pool).A}))
				return r.Parameters
			}
			a, b, c := begin(there), begin(not), begin(not)
			if b["SALT"] != c["SALT"] || b["USERNAME"] != c["USERNAME"] {
				t.Error("who isn't there is another each time")
			}
			if len(a["SECRET_BLOCK"]) != len(b["SECRET_BLOCK"]) || len(a["USERNAME"]) != len(b["USERNAME"]) {
				t.Errorf("%d, %d bytes; %q, %q", len(a["SECRET_BLOCK"]), len(b["SECRET_BLOCK"]), a["USERNAME"], b["USERNAME"])
			}
			d, err := w.ForgotPassword(t.Context(), app, "", not)
			if err != nil || d.Medium != "EMAIL" || len(w.mail) != 0 {
				t.Error(d, err)
			}
			again := must[*Delivery](t)(w.ForgotPassword(t.Context(), app, "", not))
			if *d != *again {
				t.Error(d, again)
			}
			w.refuses(w.ConfirmForgotPassword(t.Context(), app, "", not, "123456", goodPassword), "ExpiredCodeException: Invalid code provided, please request a code again.")
			w.refuses(w.ConfirmSignUp(t.Context(), app, "", not, "123456", false), "ExpiredCodeException: Invalid code provided, please request a code again.")
		})
	}
}

// TestSignUp is a user's own way in, with codes.
func TestSignUp(t *testing.T) {
	w := newWorld(t)
	pool := w.pool(func(s *Settings) {
		s.AutoVerified, s.Aliases = []string{"email"}, []string{"email"}
		s.Messages.EmailSubject, s.Messages.Email = "Welcome", "Hello {username}, {####}"
	})
	app := w.app(pool)
	mail := []Value{{"email", "ann@example.com"}}
	up := func(name, password string, values []Value) error {
		_, err := w.SignUp(t.Context(), app, "", name, password, values)
		return err
	}
	for password, missing := range map[string]string{
		"Ab1!": "Password not long enough", "lower-1-lower": "Password must have uppercase characters", "UPPER-1-UPPER": "Password must have lowercase characters",
		"Letters-only": "Password must have numeric characters", "Letters1only": "Password must have symbol characters",
	} {
		w.refuses(up("ann", password, mail), "InvalidPasswordException: Password did not conform with policy: "+missing)
	}
	w.refuses(up("ann@example.com", goodPassword, mail), "InvalidParameterException: Username cannot be of email format, since user pool is configured for email alias.")
	w.refuses(up("ann", goodPassword, []Value{{"email", "no address"}}), "InvalidParameterException: Invalid email address format.")
	w.refuses(up("ann", goodPassword, []Value{{"email_verified", "true"}}), "NotAuthorizedException: A client attempted to write unauthorized attribute")
	w.refuses(up("ann", goodPassword, []Value{{"custom:x", "1"}}), "InvalidParameterException: Attributes did not conform to the schema: Type for attribute {custom:x} could not be determined")

	s := must[*SignedUp](t)(w.SignUp(t.Context(), app, "", "ann", goodPassword, mail))
	if s.Confirmed || s.Sub == "" || *s.Delivery != (Delivery{"a***@e***", "EMAIL", "email"}) {
		t.Error(s, s.Delivery)
	}
	w.refuses(up("ann", goodPassword, nil), "UsernameExistsException: User already exists")
	m := w.mail[0]
	if m.To != "ann@example.com" || m.Subject != "Welcome" || m.Text != "Hello ann, "+m.Code || len(m.Code) != 6 {
		t.Error(m)
	}
	_, err := w.login(app, "ann", goodPassword)
	w.refuses(err, "UserNotConfirmedException: User is not confirmed.")
	_, err = w.login(app, "ann@example.com", goodPassword)
	w.refuses(err, "UserNotFoundException: User does not exist.") // an alias counts once it is verified

	confirm := func(code string) error { return w.ConfirmSignUp(t.Context(), app, "", "ann", code, false) }
	wrong := "000000"
	if m.Code == wrong {
		wrong = "000001"
	}
	for range 5 {
		w.refuses(confirm(wrong), "CodeMismatchException: Invalid verification code provided, please try again.")
	}
	w.refuses(confirm(m.Code), "LimitExceededException: Attempt limit exceeded, please try after some time.")
	must[*Delivery](t)(w.ResendConfirmationCode(t.Context(), app, "", "ann"))
	w.clock = w.clock.Add(24 * time.Hour)
	w.refuses(confirm(w.mail[1].Code), "ExpiredCodeException: Invalid code provided, please request a code again.")
	must[*Delivery](t)(w.ResendConfirmationCode(t.Context(), app, "", "ann"))
	w.ok(confirm(w.mail[2].Code))
	w.refuses(confirm(w.mail[2].Code), "NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED")
	_, err = w.ResendConfirmationCode(t.Context(), app, "", "ann")
	w.refuses(err, "InvalidParameterException: User is already confirmed.")
	must[*Result](t)(w.login(app, "ann@example.com", goodPassword))
	must[*Result](t)(w.srp(pool, app, "ann@example.com", goodPassword))

	// Another user with the same address gets it only by force.
	w.ok(up("bob", goodPassword, mail))
	w.refuses(w.ConfirmSignUp(t.Context(), app, "", "bob", w.mail[3].Code, false), "AliasExistsException: An account with the email already exists.")
	w.ok(w.ConfirmSignUp(t.Context(), app, "", "bob", w.mail[3].Code, true))
	if got := claims(t, must[*Result](t)(w.login(app, "ann@example.com", goodPassword)).Tokens.ID)["cognito:username"]; got != "bob" {
		t.Errorf("the alias is %v's", got)
	}
	if must[*User](t)(w.User(t.Context(), testScope, pool, "ann")).Attr("email_verified") != "false" {
		t.Error("two users have a verified address")
	}

	// A forgotten password.
	for range 5 {
		must[*Delivery](t)(w.ForgotPassword(t.Context(), app, "", "bob"))
	}
	_, err = w.ForgotPassword(t.Context(), app, "", "bob")
	w.refuses(err, "LimitExceededException: Attempt limit exceeded, please try after some time.")
	code := w.mail[len(w.mail)-1].Code
	w.refuses(w.ConfirmForgotPassword(t.Context(), app, "", "bob", code, "short"), "InvalidPasswordException: Password did not conform with policy: Password not long enough")
	w.ok(w.ConfirmForgotPassword(t.Context(), app, "", "bob", code, "Another-Horse-2"))
	w.refuses(w.ConfirmForgotPassword(t.Context(), app, "", "bob", code, "Another-Horse-3"), "ExpiredCodeException: Invalid code provided, please request a code again.")
	must[*Result](t)(w.login(app, "bob", "Another-Horse-2"))
	_, err = w.ForgotPassword(t.Context(), app, "", "ann")
	w.refuses(err, "InvalidParameterException: Cannot reset password for the user as there is no registered/verified email or phone_number")

	closed := w.pool(func(s *Settings) { s.AdminOnly = true })
	_, err = w.SignUp(t.Context(), w.app(closed), "", "ann", goodPassword, nil)
	w.refuses(err, "NotAuthorizedException: SignUp is not permitted for this user pool")
}

// TestInvited is a user whom an administrator made.
func TestInvited(t *testing.T) {
	w := newWorld(t)
	pool := w.pool(func(s *Settings) {
		s.Schema = []Attribute{{Name: "given_name", Required: true, Mutable: true}, {Name: "badge", Mutable: false}}
	})
	app := w.app(pool)
	create := func(in NewUser) error { _, err := w.CreateUser(t.Context(), testScope, pool, in); return err }
	w.refuses(create(NewUser{Name: "ann"}), "InvalidParameterException: Attributes did not conform to the schema: given_name: The attribute given_name is required\n")
	values := []Value{{"given_name", "Ann"}, {"email", "ann@example.com"}, {"custom:badge", "7"}}
	w.ok(create(NewUser{Name: "ann", Attributes: values}))
	w.refuses(create(NewUser{Name: "ann", Attributes: values}), "UsernameExistsException: User account already exists")
	temporary := w.mail[0].Password
	if len(temporary) < 8 || !strings.Contains(w.mail[0].Text, temporary) {
		t.Fatal(w.mail)
	}
	w.clock = w.clock.Add(7 * 24 * time.Hour)
	_, err := w.login(app, "ann", temporary)
	w.refuses(err, "NotAuthorizedException: User account has expired, it must be reset by an administrator.")
	w.ok(create(NewUser{Name: "ann", Resend: true}))
	_, err = w.login(app, "ann", temporary)
	w.refuses(err, "NotAuthorizedException: Incorrect username or password.")
	temporary = w.mail[1].Password
	r := must[*Result](t)(w.srp(pool, app, "ann", temporary))
	if r.Challenge != newPasswordRequired || r.Tokens != nil || r.Parameters["requiredAttributes"] != "[]" || r.Parameters["USER_ID_FOR_SRP"] != "ann" {
		t.Fatal(r)
	}
	answer := func(session string, change map[string]string) error {
		a := map[string]string{"USERNAME": "ann", "NEW_PASSWORD": goodPassword}
		for k, v := range change {
			a[k] = v
		}
		_, err := w.RespondToAuthChallenge(t.Context(), app, newPasswordRequired, session, a)
		return err
	}
	w.refuses(answer(r.Session, map[string]string{"NEW_PASSWORD": "short"}), "InvalidPasswordException: Password did not conform with policy: Password not long enough")
	w.refuses(answer(r.Session, map[string]string{"USERNAME": "eve"}), "NotAuthorizedException: Invalid session for the user.")
	w.refuses(answer(r.Session, map[string]string{"userAttributes.custom:badge": "8"}), "InvalidParameterException: user.custom:badge: Attribute cannot be updated.\n")
	w.refuses(answer(r.Session, map[string]string{"userAttributes.email_verified": "true"}), "NotAuthorizedException: A client attempted to write unauthorized attribute")
	w.refuses(answer("x", nil), "NotAuthorizedException: Invalid session for the user.")
	w.refuses(answer("", nil), "InvalidParameterException: Missing required parameter Session")
	w.ok(answer(r.Session, map[string]string{"userAttributes.nickname": "A"}))
	w.refuses(answer(r.Session, nil), "NotAuthorizedException: Invalid session for the user, session can only be used once.")
	must[*Result](t)(w.login(app, "ann", goodPassword))
	w.refuses(create(NewUser{Name: "ann", Resend: true}), "UnsupportedUserStateException: Resend not possible. ann status is not FORCE_CHANGE_PASSWORD")

	// By themselves, users change what clients may write, and their password.
	token := must[*Result](t)(w.login(app, "ann", goodPassword)).Tokens.Access
	w.ok(w.UpdateUserAttributes(t.Context(), token, []Value{{"nickname", "Annie"}}))
	w.refuses(w.UpdateUserAttributes(t.Context(), token, []Value{{"given_name", ""}}), "InvalidParameterException: Attributes did not conform to the schema: given_name: The attribute given_name is required\n")
	if err := w.UpdateUserAttributes(t.Context(), token, []Value{{"email", "other@example.com"}}); codeOf(err) != invalidParameter {
		t.Error(err)
	}
	u := must[*User](t)(w.GetUser(t.Context(), token))
	if u.Attr("nickname") != "Annie" {
		t.Error(u.Attributes)
	}
	w.refuses(w.ChangePassword(t.Context(), token, "wrong", "Another-Horse-2"), "NotAuthorizedException: Incorrect username or password.")
	w.ok(w.ChangePassword(t.Context(), token, goodPassword, "Another-Horse-2"))
	must[*Result](t)(w.srp(pool, app, "ann", "Another-Horse-2"))
	_, err = w.GetUser(t.Context(), token+"x")
	w.refuses(err, "NotAuthorizedException: Invalid Access Token")
	_, err = w.GetUser(t.Context(), must[*Result](t)(w.login(app, "ann", "Another-Horse-2")).Tokens.ID)
	w.refuses(err, "NotAuthorizedException: Invalid Access Token")
}

// TestNames: what a pool takes for its users' names.
func TestNames(t *testing.T) {
	w := newWorld(t)
	mail := w.pool(func(s *Settings) {
		s.UsernameAttributes, s.CaseSensitive, s.AutoVerified = []string{"email"}, false, []string{"email"}
	})
	app := w.app(mail)
	s := must[*SignedUp](t)(w.SignUp(t.Context(), app, "", "Ann@Example.com", goodPassword, nil))
	u := must[*User](t)(w.User(t.Context(), testScope, mail, "ANN@example.com"))
	if u.Username != s.Sub || u.Sub != s.Sub || u.Attr("email") != "Ann@Example.com" {
		t.Error(u)
	}
	_, err := w.SignUp(t.Context(), app, "", "ann@example.com", goodPassword, nil)
	w.refuses(err, "UsernameExistsException: An account with the given email already exists.")
	_, err = w.SignUp(t.Context(), app, "", "ann", goodPassword, nil)
	w.refuses(err, "InvalidParameterException: Username should be an email.")
	w.ok(w.ConfirmSignUp(t.Context(), app, "", "ann@example.com", w.mail[0].Code, false))
	r := must[*Result](t)(w.srp(mail, app, "ann@EXAMPLE.com", goodPassword))
	if got := claims(t, r.Tokens.ID)["cognito:username"]; got != s.Sub {
		t.Error(got)
	}
	w.ok(w.UpdateUser(t.Context(), testScope, mail, s.Sub, []Value{{"email", "new@example.com"}}))
	_, err = w.login(app, "ann@example.com", goodPassword)
	w.refuses(err, "UserNotFoundException: User does not exist.")
	must[*Result](t)(w.login(app, "new@example.com", goodPassword))

	exact := w.pool()
	w.ann(exact)
	_, err = w.User(t.Context(), testScope, exact, "Ann")
	w.refuses(err, "UserNotFoundException: User does not exist.")
	must[*User](t)(w.CreateUser(t.Context(), testScope, exact, NewUser{Name: "Ann"}))
	odd := "a/../b%2f\x00 ü"
	must[*User](t)(w.CreateUser(t.Context(), testScope, exact, NewUser{Name: odd}))
	if got := must[*User](t)(w.User(t.Context(), testScope, exact, odd)).Username; got != odd {
		t.Errorf("%q", got)
	}
}

// TestFlows: a client has the flows it was given, and a secret must be proved.
func TestFlows(t *testing.T) {
	w := newWorld(t)
	pool := w.pool()
	w.ann(pool)
	none := w.app(pool, func(s *ClientSettings) { s.Flows = []string{"ALLOW_REFRESH_TOKEN_AUTH"} })
	for flow, want := range map[string]string{
		"USER_SRP_AUTH": "USER_SRP_AUTH is not enabled for the client.", "USER_PASSWORD_AUTH": "USER_PASSWORD_AUTH flow not enabled for this client",
		"ADMIN_USER_PASSWORD_AUTH": "Initiate Auth method not supported.", "CUSTOM_AUTH": "Custom auth lambda trigger is not configured for the user pool.",
		"USER_AUTH": "Gatehouse doesn't serve the auth flow USER_AUTH",
	} {
		_, err := w.InitiateAuth(t.Context(), none, flow, map[string]string{"USERNAME": "ann"})
		w.refuses(err, "InvalidParameterException: "+want)
	}
	_, err := w.AdminInitiateAuth(t.Context(), testScope, pool, none, "ADMIN_USER_PASSWORD_AUTH", nil)
	w.refuses(err, "InvalidParameterException: Auth flow not enabled for this client")
	_, err = w.AdminInitiateAuth(t.Context(), testScope, "us-east-1_other", none, "ADMIN_USER_PASSWORD_AUTH", nil)
	w.refuses(err, "ResourceNotFoundException: User pool us-east-1_other does not exist.")
	elsewhere := testScope
	elsewhere.Account = "111111111111"
	_, err = w.AdminInitiateAuth(t.Context(), elsewhere, pool, none, "ADMIN_USER_PASSWORD_AUTH", nil)
	w.refuses(err, "ResourceNotFoundException: User pool "+string(pool)+" does not exist.")

	c, secret, err := w.CreateClient(t.Context(), testScope, pool, ClientSettings{Name: "kept", Flows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}}, true, "")
	w.ok(err)
	login := func(hash string) (*Result, error) {
		return w.InitiateAuth(t.Context(), c.ID, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword, "SECRET_HASH": hash})
	}
	_, err = login("")
	w.refuses(err, fmt.Sprintf("NotAuthorizedException: Client %s is configured with secret but SECRET_HASH was not received", c.ID))
	for _, hash := range []string{"x", secretHash("wrong", "ann", c.ID), secretHash(secret, "eve", c.ID)} {
		_, err = login(hash)
		w.refuses(err, fmt.Sprintf("NotAuthorizedException: Unable to verify secret hash for client %s", c.ID))
	}
	r := must[*Result](t)(login(secretHash(secret, "ann", c.ID)))
	refresh := func(hash string) error {
		_, err := w.InitiateAuth(t.Context(), c.ID, "REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": r.Tokens.Refresh, "SECRET_HASH": hash})
		return err
	}
	w.ok(refresh(secretHash(secret, "ann", c.ID)))
	w.refuses(refresh(secretHash(secret, "eve", c.ID)), fmt.Sprintf("NotAuthorizedException: Unable to verify secret hash for client %s", c.ID))
	w.refuses(w.RevokeToken(t.Context(), c.ID, "", r.Tokens.Refresh), "NotAuthorizedException: Invalid client secret")
	for _, p := range []map[string]string{{"USERNAME": "ann", "PASSWORD": "x", "PREFERRED_CHALLENGE": "PASSWORD"}, {"USERNAME": strings.Repeat("a", 200), "PASSWORD": "x"}, {"USERNAME": "ann", "PASSWORD": strings.Repeat("x", maxParameter+1)}} {
		if _, err := w.InitiateAuth(t.Context(), w.app(pool), "USER_PASSWORD_AUTH", p); codeOf(err) != invalidParameter {
			t.Error(err)
		}
	}
}

// TestPools: rules about pools and clients, and that a pool takes along all it
// holds.
func TestPools(t *testing.T) {
	w := newWorld(t)
	pool := w.pool(func(s *Settings) { s.DeletionProtection = true })
	app := w.app(pool)
	w.ann(pool)
	must[*Result](t)(w.login(app, "ann", goodPassword))
	w.ok(w.CreateDomain(t.Context(), testScope, pool, "notes"))
	w.refuses(w.CreateDomain(t.Context(), testScope, w.pool(), "notes"), "InvalidParameterException: Domain already exists.")
	if w.DomainOf("notes") != pool {
		t.Error("the domain leads elsewhere")
	}
	remove := func() error { return w.DeletePool(t.Context(), testScope, pool) }
	w.refuses(remove(), "InvalidParameterException: The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	w.ok(w.UpdatePool(t.Context(), testScope, pool, "renamed", Settings{Password: DefaultPolicy()}))
	w.refuses(remove(), "InvalidParameterException: User pool cannot be deleted. It has a domain configured that should be deleted first.")
	w.ok(w.DeleteDomain(t.Context(), testScope, pool, "notes"))
	if s := must[*PoolState](t)(w.Pool(t.Context(), testScope, pool)); s.Name != "renamed" || s.Users != 1 {
		t.Error(s)
	}
	w.ok(remove())
	for name := range w.memory.records {
		if strings.Contains(name, string(pool)) {
			t.Errorf("%s is left", name)
		}
	}
	_, err := w.login(app, "ann", goodPassword)
	w.refuses(err, fmt.Sprintf("ResourceNotFoundException: User pool client %s does not exist.", app))
	if w.Keys(Issuer("us-east-1", pool)) != nil {
		t.Error("its keys are known")
	}

	pool = w.pool()
	w.ok(w.PutServer(t.Context(), testScope, pool, Server{Identifier: "https://notes.example", Name: "n", Scopes: []Scope{{"read", "r"}}}, true))
	for name, c := range map[string]struct {
		set    ClientSettings
		secret bool
		want   string
	}{
		"mixed flows":  {ClientSettings{Flows: []string{"ALLOW_USER_SRP_AUTH", "USER_PASSWORD_AUTH"}}, false, invalidParameter},
		"USER_AUTH":    {ClientSettings{Flows: []string{"ALLOW_USER_AUTH"}}, false, invalidParameter},
		"short":        {ClientSettings{AccessValidity: Validity{4, "minutes"}}, false, invalidParameter},
		"long":         {ClientSettings{IDValidity: Validity{25, "hours"}}, false, invalidParameter},
		"refresh":      {ClientSettings{RefreshValidity: Validity{1, "hours"}, AccessValidity: Validity{2, "hours"}}, false, invalidParameter},
		"unknown read": {ClientSettings{Read: []string{"custom:x"}}, false, invalidParameter},
		"write sub":    {ClientSettings{Write: []string{"sub"}}, false, invalidParameter},
		"code":         {ClientSettings{OAuthFlows: []string{"code"}}, true, invalidParameter},
		"no secret":    {ClientSettings{OAuthFlows: []string{"client_credentials"}, OAuthScopes: []string{"https://notes.example/read"}}, false, invalidOAuthFlow},
		"openid":       {ClientSettings{OAuthFlows: []string{"client_credentials"}, OAuthScopes: []string{"openid"}}, true, invalidOAuthFlow},
		"no scope":     {ClientSettings{OAuthFlows: []string{"client_credentials"}, OAuthScopes: []string{"https://notes.example/write"}}, true, scopeDoesNotExist},
		"good":         {ClientSettings{OAuthFlows: []string{"client_credentials"}, OAuthScopes: []string{"https://notes.example/read"}}, true, ""},
	} {
		_, _, err := w.CreateClient(t.Context(), testScope, pool, c.set, c.secret, "")
		if codeOf(err) != c.want || c.want == "" && err != nil {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	w.limits.Users = 2
	for i := range 3 {
		_, err = w.CreateUser(t.Context(), testScope, pool, NewUser{Name: fmt.Sprint("user", i), Suppress: true})
	}
	w.refuses(err, "LimitExceededException: Exceeded the limit of users in a user pool: 2")
	w.ok(w.DeleteUser(t.Context(), testScope, pool, "user0"))
	must[*User](t)(w.CreateUser(t.Context(), testScope, pool, NewUser{Name: "user9", Suppress: true}))
}

// TestListUsers: filters and pages.
func TestListUsers(t *testing.T) {
	w := newWorld(t)
	pool := w.pool()
	for i := range 7 {
		must[*User](t)(w.CreateUser(t.Context(), testScope, pool, NewUser{Name: fmt.Sprint("user", i), Suppress: true, Attributes: []Value{{"email", fmt.Sprintf("%d@example.com", i%2)}}}))
	}
	w.ok(w.EnableUser(t.Context(), testScope, pool, "user3", false))
	all := func(filter string, page int) (names []string) {
		t.Helper()
		for after, more := "", true; more; more = after != "" {
			var list []*User
			var err error
			list, after, err = w.Users(t.Context(), testScope, pool, filter, after, page)
			w.ok(err)
			for _, u := range list {
				names = append(names, u.Username)
			}
		}
		return names
	}
	every := []string{"user0", "user1", "user2", "user3", "user4", "user5", "user6"}
	for _, page := range []int{1, 3, 7, 60} {
		if got := all("", page); !slices.Equal(got, every) {
			t.Error(page, got)
		}
	}
	for filter, want := range map[string][]string{
		`username = "user2"`: {"user2"}, `email ^= "1@"`: {"user1", "user3", "user5"}, `status = "Disabled"`: {"user3"}, `"username"="user1"`: {"user1"},
		`cognito:user_status = "FORCE_CHANGE_PASSWORD"`: every, `name = "x"`: nil, `username = "a\"b"`: nil,
	} {
		if got := all(filter, 2); !slices.Equal(got, want) {
			t.Errorf("%s: %v", filter, got)
		}
	}
	for _, filter := range []string{"x", `address = "x"`, `username = x`, `username = "x" and email = "y"`, `username = "x\"`, strings.Repeat("a", maxFilter+1)} {
		if _, _, err := w.Users(t.Context(), testScope, pool, filter, "", 1); codeOf(err) != invalidParameter {
			t.Errorf("%s: %v", filter, err)
		}
	}
}
