// Package userpool is what an embedded user pool does: who its users are, how
// they prove it, and the tokens they get for it, as Amazon Cognito's user
// pools do. It keeps passwords as SRP verifiers and signs tokens with keys of
// its own. It must not know how calls arrive (awsapi), nor how records are
// kept (control).
package userpool
