package control

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// CodeSHA256 is the hash of a version's zip as Lambda shows it.
func CodeSHA256(v *apigw.FunctionVersion) string {
	raw, err := hex.DecodeString(v.CodeHash)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func staleRevision() *apigw.Error {
	return apigw.Errorf(apigw.Precondition, "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}

// checkRevision refuses a change that was meant for an earlier revision.
func checkRevision(given, now string) error {
	if given != "" && given != now {
		return staleRevision()
	}
	return nil
}

// Touch marks $LATEST as changed.
func (s *Functions) Touch(f *apigw.Function) { s.touch(f.Versions[0]) }

// Publish makes a version of $LATEST as it is; when it is what was published
// last, that version is the answer (AWS Lambda developer guide, "Manage Lambda
// function versions"). codeSHA256, when given, must be that of $LATEST.
func (s *Functions) Publish(f *apigw.Function, description *string, codeSHA256 string) (*apigw.FunctionVersion, error) {
	now := f.Versions[0]
	if sum := CodeSHA256(now); codeSHA256 != "" && codeSHA256 != sum {
		return nil, apigw.Errorf(apigw.BadRequest, "CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", codeSHA256, sum)
	}
	if last := f.Versions[len(f.Versions)-1]; len(f.Versions) > 1 && last.Version == strconv.Itoa(f.Published) && sameVersion(last, now) {
		return last, nil
	}
	f.Published++
	v := *now
	v.Version, v.Revision = strconv.Itoa(f.Published), s.newRevision()
	v.Environment = maps.Clone(now.Environment)
	if description != nil {
		v.Description = *description
	}
	f.Versions = append(f.Versions, &v)
	return &v, nil
}

// sameVersion says that two versions run alike.
func sameVersion(a, b *apigw.FunctionVersion) bool {
	return a.CodeHash == b.CodeHash && a.Runtime == b.Runtime && a.Handler == b.Handler && a.Role == b.Role && a.Architecture == b.Architecture &&
		a.Timeout == b.Timeout && a.Memory == b.Memory && maps.Equal(a.Environment, b.Environment) && a.Unreadable == b.Unreadable
}

// PublishVersion is Publish of a stored function.
func (s *Functions) PublishVersion(ctx context.Context, scope apigw.Scope, name string, description *string, codeSHA256, revision string) (*apigw.Function, *apigw.FunctionVersion, error) {
	var made *apigw.FunctionVersion
	f, err := s.UpdateFunction(ctx, scope, name, nil, revision, func(f *apigw.Function) (err error) {
		made, err = s.Publish(f, description, codeSHA256)
		return err
	})
	return f, made, err
}

// DeleteVersion removes a published version that no alias names.
func (s *Functions) DeleteVersion(ctx context.Context, scope apigw.Scope, name, version string) error {
	_, err := s.UpdateFunction(ctx, scope, name, nil, "", func(f *apigw.Function) error {
		if version == apigw.LatestVersion || f.Alias(version) != nil {
			return apigw.Errorf(apigw.BadRequest, "$LATEST version and aliases cannot be deleted without deleting the function.")
		}
		if f.FindVersion(version) == nil {
			return apigw.Errorf(apigw.NotFound, "Function not found: %s", FunctionARN(scope, name, version))
		}
		for _, a := range f.Aliases {
			if a.Version == version || a.Second == version {
				return apigw.Errorf(apigw.Conflict, "Version %s is referenced by alias %s: delete or move the alias first", version, a.Name)
			}
		}
		f.Versions = slices.DeleteFunc(f.Versions, func(v *apigw.FunctionVersion) bool { return v.Version == version })
		f.Permissions = slices.DeleteFunc(f.Permissions, func(p *apigw.FunctionPermission) bool { return p.Qualifier == version })
		return nil
	})
	return err
}

func unknownAlias(scope apigw.Scope, name, alias string) *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Cannot find alias arn: %s", FunctionARN(scope, name, alias))
}

// CreateAlias names a version.
func (s *Functions) CreateAlias(ctx context.Context, scope apigw.Scope, name string, alias apigw.FunctionAlias) (*apigw.FunctionAlias, error) {
	_, err := s.UpdateFunction(ctx, scope, name, nil, "", func(f *apigw.Function) error {
		if f.Alias(alias.Name) != nil {
			return apigw.Errorf(apigw.Conflict, "Alias already exists: %s", FunctionARN(scope, name, alias.Name))
		}
		if err := checkAlias(scope, f, &alias); err != nil {
			return err
		}
		alias.Revision = s.newRevision()
		f.Aliases = append(f.Aliases, &alias)
		sortedAliases(f.Aliases)
		return nil
	})
	return &alias, err
}

// checkAlias refuses an alias of versions that aren't there, or can't share
// (AWS Lambda developer guide, "Implement Lambda canary deployments using a
// weighted alias": two versions at most, both published, with one role).
func checkAlias(scope apigw.Scope, f *apigw.Function, a *apigw.FunctionAlias) error {
	first, second := f.FindVersion(a.Version), f.FindVersion(a.Second)
	switch {
	case first == nil || f.Alias(a.Version) != nil:
		return apigw.Errorf(apigw.NotFound, "Function not found: %s", FunctionARN(scope, f.Name, a.Version))
	case a.Second == "":
		return nil
	case second == nil || f.Alias(a.Second) != nil:
		return apigw.Errorf(apigw.NotFound, "Function not found: %s", FunctionARN(scope, f.Name, a.Second))
	case a.Version == apigw.LatestVersion || a.Second == apigw.LatestVersion:
		return apigw.Errorf(apigw.BadRequest, "$LATEST is not supported for an alias pointing to more than 1 version")
	case a.Version == a.Second:
		return apigw.Errorf(apigw.BadRequest, "Invalid function version %s. Function version %s is already included in routing configuration.", a.Second, a.Second)
	case first.Role != second.Role:
		return apigw.Errorf(apigw.BadRequest, "Versions %s and %s have different roles; an alias of both needs one role", a.Version, a.Second)
	case !(a.Weight >= 0 && a.Weight <= 1):
		return apigw.Errorf(apigw.BadRequest, "The weight of version %s is not between 0.0 and 1.0", a.Second)
	}
	return nil
}

// UpdateAlias changes an alias: change gets it and may refuse.
func (s *Functions) UpdateAlias(ctx context.Context, scope apigw.Scope, name, alias string, revision string, change func(*apigw.FunctionAlias) error) (*apigw.FunctionAlias, error) {
	var changed *apigw.FunctionAlias
	_, err := s.UpdateFunction(ctx, scope, name, nil, "", func(f *apigw.Function) error {
		a := f.Alias(alias)
		if a == nil {
			return unknownAlias(scope, name, alias)
		}
		if err := checkRevision(revision, a.Revision); err != nil {
			return err
		}
		if err := change(a); err != nil {
			return err
		}
		if err := checkAlias(scope, f, a); err != nil {
			return err
		}
		a.Revision = s.newRevision()
		changed = a
		return nil
	})
	return changed, err
}

// DeleteAlias removes an alias with its permissions. One that isn't there is
// no error.
func (s *Functions) DeleteAlias(ctx context.Context, scope apigw.Scope, name, alias string) error {
	_, err := s.UpdateFunction(ctx, scope, name, nil, "", func(f *apigw.Function) error {
		f.Aliases = slices.DeleteFunc(f.Aliases, func(a *apigw.FunctionAlias) bool { return a.Name == alias })
		f.Permissions = slices.DeleteFunc(f.Permissions, func(p *apigw.FunctionPermission) bool { return p.Qualifier == alias })
		return nil
	})
	return err
}

// maxTags bounds a function's tags, as Lambda does.
const maxTags = 50

// CheckTags refuses tags that Lambda refuses.
func CheckTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return apigw.Errorf(apigw.BadRequest, "A function has at most %d tags", maxTags)
	}
	for k, v := range tags {
		if k == "" || len(k) > 128 || len(v) > 256 || strings.HasPrefix(strings.ToLower(k), "aws:") {
			return apigw.Errorf(apigw.BadRequest, "The tag %q is not allowed: a key has 1 to 128 characters and doesn't begin with aws:, a value has up to 256", k)
		}
	}
	return nil
}

// Tag adds tags and removes others.
func (s *Functions) Tag(ctx context.Context, scope apigw.Scope, name string, add map[string]string, remove []string) error {
	_, err := s.UpdateFunction(ctx, scope, name, nil, "", func(f *apigw.Function) error {
		tags := maps.Clone(f.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, add)
		for _, k := range remove {
			delete(tags, k)
		}
		f.Tags = tags
		return CheckTags(tags)
	})
	return err
}
