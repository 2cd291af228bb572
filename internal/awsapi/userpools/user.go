package userpools

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

func values(list []*cognitoidp.AttributeType) []userpool.Value {
	var out []userpool.Value
	for _, a := range list {
		out = append(out, userpool.Value{Name: val(a.Name), Value: val(a.Value)})
	}
	return out
}

// attributes are a user's as answers show them: sub comes first or last, as
// operations differ; here it is first.
func attributes(u *userpool.User, only []string) []*cognitoidp.AttributeType {
	list := []*cognitoidp.AttributeType{}
	for _, v := range append([]userpool.Value{{Name: "sub", Value: u.Sub}}, u.Attributes...) {
		if only == nil || slices.Contains(only, v.Name) {
			list = append(list, &cognitoidp.AttributeType{Name: &v.Name, Value: &v.Value})
		}
	}
	return list
}

func userView(u *userpool.User, only []string) *cognitoidp.UserType {
	return &cognitoidp.UserType{
		Username: &u.Username, Attributes: attributes(u, only), UserCreateDate: &u.Created, UserLastModifiedDate: &u.Modified,
		Enabled: new(u.Enabled()), UserStatus: &u.Status,
	}
}

func (o operations) createUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminCreateUserRequest) (*cognitoidp.AdminCreateUserResponse, error) {
	u, err := o.pools.CreateUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), userpool.NewUser{
		Name: *in.Username, Attributes: values(in.UserAttributes), Password: val(in.TemporaryPassword), Force: val(in.ForceAliasCreation),
		Resend: val(in.MessageAction) == "RESEND", Suppress: val(in.MessageAction) == "SUPPRESS", Media: in.DesiredDeliveryMediums,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminCreateUserResponse{User: userView(u, nil)}, nil
}

func (o operations) adminGetUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminGetUserRequest) (*cognitoidp.AdminGetUserResponse, error) {
	u, err := o.pools.User(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminGetUserResponse{
		Username: &u.Username, UserAttributes: attributes(u, nil), UserCreateDate: &u.Created, UserLastModifiedDate: &u.Modified,
		Enabled: new(u.Enabled()), UserStatus: &u.Status,
	}, nil
}

func (o operations) deleteUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminDeleteUserRequest) error {
	return o.pools.DeleteUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username)
}

func (o operations) enableUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminEnableUserRequest) (*cognitoidp.AdminEnableUserResponse, error) {
	return &cognitoidp.AdminEnableUserResponse{}, o.pools.EnableUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username, true)
}

func (o operations) disableUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminDisableUserRequest) (*cognitoidp.AdminDisableUserResponse, error) {
	return &cognitoidp.AdminDisableUserResponse{}, o.pools.EnableUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username, false)
}

func (o operations) adminConfirm(ctx context.Context, c *wire.Call, in *cognitoidp.AdminConfirmSignUpRequest) (*cognitoidp.AdminConfirmSignUpResponse, error) {
	return &cognitoidp.AdminConfirmSignUpResponse{}, o.pools.ConfirmUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username)
}

func (o operations) setPassword(ctx context.Context, c *wire.Call, in *cognitoidp.AdminSetUserPasswordRequest) (*cognitoidp.AdminSetUserPasswordResponse, error) {
	err := o.pools.SetPassword(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username, *in.Password, val(in.Permanent))
	return &cognitoidp.AdminSetUserPasswordResponse{}, err
}

func (o operations) adminUpdateUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminUpdateUserAttributesRequest) (*cognitoidp.AdminUpdateUserAttributesResponse, error) {
	err := o.pools.UpdateUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username, values(in.UserAttributes))
	return &cognitoidp.AdminUpdateUserAttributesResponse{}, err
}

func (o operations) adminSignOut(ctx context.Context, c *wire.Call, in *cognitoidp.AdminUserGlobalSignOutRequest) (*cognitoidp.AdminUserGlobalSignOutResponse, error) {
	return &cognitoidp.AdminUserGlobalSignOutResponse{}, o.pools.SignOutUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username)
}

func (o operations) listUsers(ctx context.Context, c *wire.Call, in *cognitoidp.ListUsersRequest) (*cognitoidp.ListUsersResponse, error) {
	after, rows, err := page(in.PaginationToken, in.Limit)
	if err != nil {
		return nil, err
	}
	list, last, err := o.pools.Users(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), val(in.Filter), after, rows)
	out := &cognitoidp.ListUsersResponse{Users: []*cognitoidp.UserType{}, PaginationToken: next(last)}
	for _, u := range list {
		out.Users = append(out.Users, userView(u, in.AttributesToGet))
	}
	return out, err
}

func groupView(pool *string, g *userpool.Group) *cognitoidp.GroupType {
	return &cognitoidp.GroupType{
		GroupName: &g.Name, UserPoolId: pool, Description: set(g.Description), RoleArn: set(g.Role), Precedence: g.Precedence,
		CreationDate: &g.Created, LastModifiedDate: &g.Modified,
	}
}

// groupPrincipal is who is handed the roles of groups.
const groupPrincipal = "cognito-idp.amazonaws.com"

func (o operations) createGroup(ctx context.Context, c *wire.Call, in *cognitoidp.CreateGroupRequest) (*cognitoidp.CreateGroupResponse, error) {
	if err := c.PassRole(val(in.RoleArn), groupPrincipal); err != nil {
		return nil, err
	}
	g, err := o.pools.CreateGroup(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), userpool.Group{
		Name: *in.GroupName, Description: val(in.Description), Role: val(in.RoleArn), Precedence: in.Precedence,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateGroupResponse{Group: groupView(in.UserPoolId, g)}, nil
}

func (o operations) getGroup(ctx context.Context, c *wire.Call, in *cognitoidp.GetGroupRequest) (*cognitoidp.GetGroupResponse, error) {
	g, err := o.pools.Group(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.GroupName)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetGroupResponse{Group: groupView(in.UserPoolId, g)}, nil
}

func (o operations) listGroups(ctx context.Context, c *wire.Call, in *cognitoidp.ListGroupsRequest) (*cognitoidp.ListGroupsResponse, error) {
	after, rows, err := page(in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	list, last, err := o.pools.Groups(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), after, rows)
	out := &cognitoidp.ListGroupsResponse{Groups: []*cognitoidp.GroupType{}, NextToken: next(last)}
	for _, g := range list {
		out.Groups = append(out.Groups, groupView(in.UserPoolId, g))
	}
	return out, err
}

func (o operations) deleteGroup(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteGroupRequest) error {
	return o.pools.DeleteGroup(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.GroupName)
}

func (o operations) addToGroup(ctx context.Context, c *wire.Call, in *cognitoidp.AdminAddUserToGroupRequest) error {
	return o.pools.AddToGroup(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username, *in.GroupName)
}

func (o operations) removeFromGroup(ctx context.Context, c *wire.Call, in *cognitoidp.AdminRemoveUserFromGroupRequest) error {
	return o.pools.RemoveFromGroup(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username, *in.GroupName)
}

func (o operations) groupsOfUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminListGroupsForUserRequest) (*cognitoidp.AdminListGroupsForUserResponse, error) {
	after, rows, err := page(in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.pools.GroupsOfUser(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(g *userpool.Group) bool { return g.Name == after }); after != "" {
		list = list[i+1:]
	}
	out := &cognitoidp.AdminListGroupsForUserResponse{Groups: []*cognitoidp.GroupType{}}
	for i, g := range list {
		if i == rows {
			out.NextToken = next(list[i-1].Name)
			break
		}
		out.Groups = append(out.Groups, groupView(in.UserPoolId, g))
	}
	return out, nil
}
