package stacktest

import (
	"archive/zip"
	"bytes"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func functionHandlers() map[string]handler {
	return map[string]handler{
		"Function":   functionHandler(),
		"Version":    versionHandler(),
		"Alias":      aliasHandler(),
		"Permission": {[]string{"*"}, createPermission, nil, nil, removePermission},
	}
}

// archive is a function's code: the text of a template, which CloudFormation
// makes index.js of, or what was uploaded.
func (c *call) archive() ([]byte, error) {
	code := object(c.properties["Code"])
	source := c.given("ZipFile")
	if s, ok := code["ZipFile"]; ok {
		source = aws.String(text(s))
	}
	if source == nil {
		return c.Code(path.Base(text(code["S3Key"])))
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "index.js", Method: zip.Deflate}
	h.SetMode(0o644)
	f, err := w.CreateHeader(h)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write([]byte(*source)); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

func functionHandler() handler {
	return handler{
		replaced: []string{"FunctionName"},
		create: func(c *call) error {
			code, err := c.archive()
			if err != nil {
				return err
			}
			in := new(lambda.CreateFunctionInput)
			members := merged(map[string]any{"FunctionName": c.Name + "-" + c.name}, without(c.properties, "Code", "Tags"))
			if t := tags(c.properties["Tags"]); len(t) > 0 {
				members["Tags"] = t
			}
			if err := fill(in, members); err != nil {
				return err
			}
			in.Code = &lambdatypes.FunctionCode{ZipFile: code}
			out, err := c.Lambda.CreateFunction(c.ctx, in)
			if err == nil {
				c.id = *out.FunctionName
				c.attributes["Arn"] = *out.FunctionArn
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.Lambda.GetFunction(c.ctx, &lambda.GetFunctionInput{FunctionName: &c.id})
			if err != nil {
				return nil, err
			}
			read := merged(properties(out.Configuration), map[string]any{"Code": c.properties["Code"], "Tags": tagList(map[string]any{"Tags": properties(out)["Tags"]})["Tags"]})
			return read, nil
		},
		update: updateFunction,
		remove: func(c *call) error {
			_, err := c.Lambda.DeleteFunction(c.ctx, &lambda.DeleteFunctionInput{FunctionName: &c.id})
			return err
		},
	}
}

func updateFunction(c *call) error {
	if document(c.old["Code"]) != document(c.properties["Code"]) {
		code, err := c.archive()
		if err != nil {
			return err
		}
		if _, err := c.Lambda.UpdateFunctionCode(c.ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &c.id, ZipFile: code}); err != nil {
			return err
		}
	}
	if document(without(c.old, "Code")) == document(without(c.properties, "Code")) {
		return nil
	}
	in := new(lambda.UpdateFunctionConfigurationInput)
	if err := fill(in, merged(without(c.properties, "Code", "Tags"), map[string]any{"FunctionName": c.id})); err != nil {
		return err
	}
	_, err := c.Lambda.UpdateFunctionConfiguration(c.ctx, in)
	return err
}

func versionHandler() handler {
	return handler{
		replaced: []string{"FunctionName", "CodeSha256"},
		create: func(c *call) error {
			// Tools name the code's digest of their own archive; that of what is
			// uploaded here may differ.
			out, err := c.Lambda.PublishVersion(c.ctx, &lambda.PublishVersionInput{FunctionName: c.given("FunctionName")})
			if err == nil {
				c.id = *out.FunctionArn
				c.attributes["Version"], c.attributes["FunctionArn"] = *out.Version, *out.FunctionArn
			}
			return err
		},
		update: func(*call) error { return nil },
		remove: func(c *call) error {
			version := c.attributes["Version"]
			_, err := c.Lambda.DeleteFunction(c.ctx, &lambda.DeleteFunctionInput{FunctionName: c.given("FunctionName"), Qualifier: &version})
			return err
		},
	}
}

func aliasHandler() handler {
	return handler{
		replaced: []string{"FunctionName", "Name"},
		create: func(c *call) error {
			in := new(lambda.CreateAliasInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			out, err := c.Lambda.CreateAlias(c.ctx, in)
			if err == nil {
				c.id = *out.AliasArn
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.Lambda.GetAlias(c.ctx, &lambda.GetAliasInput{FunctionName: c.given("FunctionName"), Name: c.given("Name")})
			return merged(properties(out), map[string]any{"FunctionName": c.properties["FunctionName"]}), err
		},
		update: func(c *call) error {
			in := new(lambda.UpdateAliasInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			_, err := c.Lambda.UpdateAlias(c.ctx, in)
			return err
		},
		remove: func(c *call) error {
			_, err := c.Lambda.DeleteAlias(c.ctx, &lambda.DeleteAliasInput{FunctionName: c.given("FunctionName"), Name: c.given("Name")})
			return err
		},
	}
}

func createPermission(c *call) error {
	in := new(lambda.AddPermissionInput)
	if err := fill(in, merged(c.properties, map[string]any{"StatementId": c.named()})); err != nil {
		return err
	}
	c.id = *in.StatementId
	_, err := c.Lambda.AddPermission(c.ctx, in)
	return err
}

// removePermission: the function's name may be an ARN, with an alias at its end.
func removePermission(c *call) error {
	in := &lambda.RemovePermissionInput{FunctionName: c.given("FunctionName"), StatementId: &c.id}
	if parts := strings.Split(*in.FunctionName, ":"); len(parts) == 8 {
		in.Qualifier = &parts[7]
	}
	_, err := c.Lambda.RemovePermission(c.ctx, in)
	return err
}
