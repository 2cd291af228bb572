package userpool

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxGroupsOfUser is how many groups a user is in at most (developer guide,
// "Quotas in Amazon Cognito").
const maxGroupsOfUser = 100

func unknownGroup() *Error { return errorf(resourceNotFound, "Group not found.") }

// CreateGroup makes a group. Precedence is nil or not negative.
func (s *Service) CreateGroup(ctx context.Context, scope apigw.Scope, pool PoolID, g Group) (*Group, error) {
	return &g, s.view(ctx, scope, pool, func(t *txn, p *Pool) error {
		other, err := read[Group](t, groupKey(pool, g.Name))
		if err != nil {
			return err
		}
		if other != nil {
			return errorf(groupExists, "A group with the name already exists.")
		}
		g.ID, g.Created = newUUID(), s.seconds()
		g.Modified = g.Created
		if err := t.count(pool, groupsCount, 1, s.limits.Groups, "groups"); err != nil {
			return err
		}
		return put(t, groupKey(pool, g.Name), &g)
	})
}

// Group describes a group.
func (s *Service) Group(ctx context.Context, scope apigw.Scope, pool PoolID, name string) (g *Group, err error) {
	err = s.view(ctx, scope, pool, func(t *txn, _ *Pool) error {
		g, err = t.readGroup(pool, name)
		return err
	})
	return g, err
}

func (t *txn) readGroup(pool PoolID, name string) (*Group, error) {
	g, err := read[Group](t, groupKey(pool, name))
	if err == nil && g == nil {
		err = unknownGroup()
	}
	return g, err
}

// Groups lists at most limit groups by name, from the one behind after on.
func (s *Service) Groups(ctx context.Context, scope apigw.Scope, pool PoolID, after string, limit int) (list []*Group, next string, err error) {
	if err := s.view(ctx, scope, pool, func(*txn, *Pool) error { return nil }); err != nil {
		return nil, "", err
	}
	if after != "" {
		after = groupKey(pool, after)
	}
	list, _, more, err := listAll[Group](ctx, s, scope, groupsOf(pool), after, limit)
	if more {
		next = list[len(list)-1].Name
	}
	return list, next, err
}

// DeleteGroup removes a group. Nobody is in it any more, not even in one of
// the same name that is made later.
func (s *Service) DeleteGroup(ctx context.Context, scope apigw.Scope, pool PoolID, name string) error {
	return s.view(ctx, scope, pool, func(t *txn, _ *Pool) error {
		if _, err := t.readGroup(pool, name); err != nil {
			return err
		}
		t.remove(groupKey(pool, name))
		return t.count(pool, groupsCount, -1, 0, "")
	})
}

// AddToGroup puts a user into a group; one who is in it stays.
func (s *Service) AddToGroup(ctx context.Context, scope apigw.Scope, pool PoolID, user, group string) error {
	return s.onUser(ctx, scope, pool, user, func(t *txn, p *Pool, u *User) error {
		g, err := t.readGroup(pool, group)
		if err != nil {
			return err
		}
		u.Groups = slices.DeleteFunc(u.Groups, func(m Membership) bool { return m.Name == group })
		if len(u.Groups) >= maxGroupsOfUser {
			return errorf(limitExceeded, "Exceeds limit for number of groups a user can belong to: %d", maxGroupsOfUser)
		}
		u.Groups = append(u.Groups, Membership{g.ID, g.Name})
		return t.putUser(p, u)
	})
}

// RemoveFromGroup takes a user out of a group.
func (s *Service) RemoveFromGroup(ctx context.Context, scope apigw.Scope, pool PoolID, user, group string) error {
	return s.onUser(ctx, scope, pool, user, func(t *txn, p *Pool, u *User) error {
		if _, err := t.readGroup(pool, group); err != nil {
			return err
		}
		u.Groups = slices.DeleteFunc(u.Groups, func(m Membership) bool { return m.Name == group })
		return t.putUser(p, u)
	})
}

// GroupsOfUser lists the groups that a user is in.
func (s *Service) GroupsOfUser(ctx context.Context, scope apigw.Scope, pool PoolID, user string) (list []*Group, err error) {
	err = s.onUser(ctx, scope, pool, user, func(t *txn, _ *Pool, u *User) error {
		list, err = t.groupsOf(pool, u)
		return err
	})
	return list, err
}

// maxScopes is how many scopes a resource server has at most (developer guide,
// "Quotas in Amazon Cognito").
const maxScopes = 100

func unknownServer(identifier string) *Error {
	return errorf(resourceNotFound, "Resource server %s does not exist.", identifier)
}

// PutServer makes a resource server, or replaces one that must be there.
func (s *Service) PutServer(ctx context.Context, scope apigw.Scope, pool PoolID, server Server, create bool) error {
	if len(server.Scopes) > maxScopes {
		return errorf(invalidParameter, "A resource server has at most %d scopes", maxScopes)
	}
	for i, a := range server.Scopes {
		if slices.ContainsFunc(server.Scopes[:i], func(b Scope) bool { return a.Name == b.Name }) {
			return errorf(invalidParameter, "The scope %s is given twice", a.Name)
		}
	}
	return s.view(ctx, scope, pool, func(t *txn, _ *Pool) error {
		key := serverKey(pool, server.Identifier)
		other, err := read[Server](t, key)
		switch {
		case err != nil:
			return err
		case create && other != nil:
			return errorf(invalidParameter, "%s already exists in user pool %s.", server.Identifier, pool)
		case !create && other == nil:
			return unknownServer(server.Identifier)
		case create:
			if err := t.count(pool, serversCount, 1, s.limits.Servers, "resource servers"); err != nil {
				return err
			}
		}
		return put(t, key, &server)
	})
}

// Server describes a resource server.
func (s *Service) Server(ctx context.Context, scope apigw.Scope, pool PoolID, identifier string) (server *Server, err error) {
	err = s.view(ctx, scope, pool, func(t *txn, _ *Pool) error {
		if server, err = read[Server](t, serverKey(pool, identifier)); err == nil && server == nil {
			err = unknownServer(identifier)
		}
		return err
	})
	return server, err
}

// Servers lists at most limit resource servers, from the one behind after on.
func (s *Service) Servers(ctx context.Context, scope apigw.Scope, pool PoolID, after string, limit int) (list []*Server, next string, err error) {
	if err := s.view(ctx, scope, pool, func(*txn, *Pool) error { return nil }); err != nil {
		return nil, "", err
	}
	if after != "" {
		after = serverKey(pool, after)
	}
	list, _, more, err := listAll[Server](ctx, s, scope, serversOf(pool), after, limit)
	if more {
		next = list[len(list)-1].Identifier
	}
	return list, next, err
}

// DeleteServer removes a resource server. Clients that have its scopes get
// none of them any more.
func (s *Service) DeleteServer(ctx context.Context, scope apigw.Scope, pool PoolID, identifier string) error {
	return s.view(ctx, scope, pool, func(t *txn, _ *Pool) error {
		server, err := read[Server](t, serverKey(pool, identifier))
		if err != nil {
			return err
		}
		if server == nil {
			return unknownServer(identifier)
		}
		t.remove(serverKey(pool, identifier))
		return t.count(pool, serversCount, -1, 0, "")
	})
}
