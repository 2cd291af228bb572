package cognitoidp

// Target begins X-Amz-Target, before a dot and the operation's name.
const Target = "AWSCognitoIdentityProviderService"

// Unsigned says that clients call an operation without a signature: what they
// may do is decided by the secrets that the call carries (the service's public
// model has auth type "none" for them).
func Unsigned(operation string) bool {
	switch operation {
	case "ChangePassword", "ConfirmForgotPassword", "ConfirmSignUp", "ForgotPassword", "GetUser", "GlobalSignOut", "InitiateAuth",
		"ResendConfirmationCode", "RespondToAuthChallenge", "RevokeToken", "SignUp", "UpdateUserAttributes":
		return true
	}
	return false
}
