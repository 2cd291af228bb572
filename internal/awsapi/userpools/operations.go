package userpools

import (
	"encoding/base64"
	"strings"

	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

// operations turn each call into one of the pools'.
type operations struct{ pools *userpool.Service }

// NewOperations returns the operations on pools.
func NewOperations(pools *userpool.Service) cognitoidp.Operations {
	o := operations{pools}
	return cognitoidp.Operations{
		CreateUserPool:   o.createPool,
		DescribeUserPool: o.describePool,
		ListUserPools:    o.listPools,
		UpdateUserPool:   o.updatePool,
		DeleteUserPool:   o.deletePool,

		CreateUserPoolClient:   o.createClient,
		DescribeUserPoolClient: o.describeClient,
		ListUserPoolClients:    o.listClients,
		UpdateUserPoolClient:   o.updateClient,
		DeleteUserPoolClient:   o.deleteClient,

		CreateUserPoolDomain:   o.createDomain,
		DescribeUserPoolDomain: o.describeDomain,
		DeleteUserPoolDomain:   o.deleteDomain,

		CreateResourceServer:   o.createServer,
		DescribeResourceServer: o.describeServer,
		ListResourceServers:    o.listServers,
		UpdateResourceServer:   o.updateServer,
		DeleteResourceServer:   o.deleteServer,

		CreateGroup:              o.createGroup,
		GetGroup:                 o.getGroup,
		ListGroups:               o.listGroups,
		DeleteGroup:              o.deleteGroup,
		AdminAddUserToGroup:      o.addToGroup,
		AdminRemoveUserFromGroup: o.removeFromGroup,
		AdminListGroupsForUser:   o.groupsOfUser,

		AdminCreateUser:           o.createUser,
		AdminGetUser:              o.adminGetUser,
		AdminDeleteUser:           o.deleteUser,
		AdminEnableUser:           o.enableUser,
		AdminDisableUser:          o.disableUser,
		AdminConfirmSignUp:        o.adminConfirm,
		AdminSetUserPassword:      o.setPassword,
		AdminUpdateUserAttributes: o.adminUpdateUser,
		AdminUserGlobalSignOut:    o.adminSignOut,
		ListUsers:                 o.listUsers,

		AdminInitiateAuth:           o.adminInitiateAuth,
		AdminRespondToAuthChallenge: o.adminRespond,
		InitiateAuth:                o.initiateAuth,
		RespondToAuthChallenge:      o.respond,
		SignUp:                      o.signUp,
		ConfirmSignUp:               o.confirmSignUp,
		ResendConfirmationCode:      o.resendCode,
		ForgotPassword:              o.forgotPassword,
		ConfirmForgotPassword:       o.confirmForgotPassword,
		GetUser:                     o.getUser,
		ChangePassword:              o.changePassword,
		UpdateUserAttributes:        o.updateUser,
		GlobalSignOut:               o.signOut,
		RevokeToken:                 o.revokeToken,
	}
}

func val[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// set is a text that is left out of an answer when it is empty.
func set(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// refused is an error that names what isn't served.
func refused(what, instead string) error {
	return &userpool.Error{Code: "InvalidParameterException", Message: "Gatehouse doesn't serve " + what + instead}
}

// unserved is a setting and whether a call carries it.
type unserved struct {
	name string
	sent bool
	why  string
}

// refuseAny refuses the first setting that a call carries.
func refuseAny(list []unserved) error {
	for _, u := range list {
		if u.sent {
			return refused(u.name, u.why)
		}
	}
	return nil
}

// maxRows is the most that a list answers at once.
const maxRows = 60

// page reads where a list goes on and how many rows it answers.
func page(token *string, limit *int) (after string, rows int, err error) {
	rows = maxRows
	if limit != nil && *limit > 0 {
		rows = min(*limit, maxRows)
	}
	if token == nil {
		return "", rows, nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(*token)
	after, ours := strings.CutPrefix(string(text), tokenPrefix)
	if err != nil || !ours || after == "" {
		return "", 0, &userpool.Error{Code: "InvalidParameterException", Message: "Invalid pagination token."}
	}
	return after, rows, nil
}

// tokenPrefix marks a token as ours.
const tokenPrefix = "after="

// next is the token of a list that goes on behind a name; nil: it doesn't.
func next(name string) *string {
	if name == "" {
		return nil
	}
	return set(base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + name)))
}
