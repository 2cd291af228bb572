package awsapi

import (
	"context"
	"net/http"
	"runtime"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// own is the name of a function that a call may change: one that was created
// through the API.
func (o functions) own(c *Call, identifier string, qualifier *string) (lambda.Name, error) {
	n, err := nameOf(c, identifier, qualifier)
	if err != nil {
		return n, err
	}
	if _, ok := o.host.FindConfigured(arnOf(n)); ok {
		return n, apigw.Errorf(apigw.BadRequest, "Function %s comes from Gatehouse's configuration file, and is changed there", n.Name)
	}
	return n, nil
}

// whole is the name of a function in a call that is about all its versions. A
// qualifier is refused: policies would be asked for another resource than the
// call is about.
func whole(c *Call, identifier string) (lambda.Name, error) {
	n, err := nameOf(c, identifier, nil)
	if err == nil && n.Qualifier != "" {
		err = apigw.Errorf(apigw.BadRequest, "%s takes a function's name or ARN without a qualifier, not with :%s", c.Operation, n.Qualifier)
	}
	return n, err
}

// ownWhole is own for a call that is about all versions.
func (o functions) ownWhole(c *Call, identifier string) (lambda.Name, error) {
	if n, err := whole(c, identifier); err != nil {
		return n, err
	}
	return o.own(c, identifier, nil)
}

// setting is something that a call carries and that isn't served.
type setting struct {
	name  string
	given bool
}

// refuseSettings refuses the first that is given, by its name.
func refuseSettings(list ...setting) error {
	for _, s := range list {
		if s.given {
			return apigw.Errorf(apigw.NotSupported, "Gatehouse doesn't serve %s of a function", s.name)
		}
	}
	return nil
}

// common are the settings that CreateFunction and UpdateFunctionConfiguration
// share and that aren't served, but for the values that mean nothing.
func common(vpc *lambdaapi.VpcConfig, dead *lambdaapi.DeadLetterConfig, tracing *lambdaapi.TracingConfig, storage *lambdaapi.EphemeralStorage, snap *lambdaapi.SnapStart, log *lambdaapi.LoggingConfig) []setting {
	return []setting{
		{"VpcConfig", vpc != nil && (len(vpc.SubnetIds) > 0 || len(vpc.SecurityGroupIds) > 0 || val(vpc.Ipv6AllowedForDualStack))},
		{"DeadLetterConfig", dead != nil && val(dead.TargetArn) != ""},
		{"TracingConfig Active", tracing != nil && val(tracing.Mode) == "Active"},
		{"EphemeralStorage other than 512 MB", storage != nil && storage.Size != nil && *storage.Size != 512},
		{"SnapStart", snap != nil && val(snap.ApplyOn) == "PublishedVersions"},
		{"LoggingConfig", log != nil && (val(log.LogFormat) == "JSON" || log.ApplicationLogLevel != nil || log.SystemLogLevel != nil || log.LogGroup != nil)},
	}
}

func (o functions) createFunction(ctx context.Context, c *Call, in *lambdaapi.CreateFunctionRequest) (*lambdaapi.FunctionConfiguration, error) {
	n, err := nameOf(c, val(in.FunctionName), nil)
	if err != nil {
		return nil, err
	}
	if n.Qualifier != "" || len(n.Name) > 64 {
		return nil, apigw.Errorf(apigw.BadRequest, "A function's name has 1 to 64 characters and no qualifier")
	}
	if _, ok := o.host.FindConfigured(arnOf(n)); ok {
		return nil, apigw.Errorf(apigw.Conflict, "Function already exist: %s (in Gatehouse's configuration file)", n.Name)
	}
	code := in.Code
	err = refuseSettings(append(common(in.VpcConfig, in.DeadLetterConfig, in.TracingConfig, in.EphemeralStorage, in.SnapStart, in.LoggingConfig),
		setting{"container images", val(in.PackageType) == "Image" || in.ImageConfig != nil || code.ImageUri != nil},
		setting{"code from S3 (give ZipFile)", code.S3Bucket != nil || code.S3Key != nil || code.S3ObjectVersion != nil},
		setting{"KMSKeyArn", val(in.KMSKeyArn) != "" || val(code.SourceKMSKeyArn) != ""},
		setting{"Layers", len(in.Layers) > 0}, setting{"FileSystemConfigs", len(in.FileSystemConfigs) > 0},
		setting{"CodeSigningConfigArn", in.CodeSigningConfigArn != nil}, setting{"CapacityProviderConfig", in.CapacityProviderConfig != nil},
		setting{"PublishTo", in.PublishTo != nil}, setting{"DurableConfig", in.DurableConfig != nil}, setting{"TenancyConfig", in.TenancyConfig != nil})...)
	if err != nil {
		return nil, err
	}
	if in.Runtime == nil || in.Handler == nil {
		return nil, apigw.Errorf(apigw.BadRequest, "Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if len(code.ZipFile) == 0 {
		return nil, apigw.Errorf(apigw.BadRequest, "Please provide a source for function code.")
	}
	v := apigw.FunctionVersion{
		Description: val(in.Description), Runtime: *in.Runtime, Handler: *in.Handler, Role: val(in.Role),
		Timeout: 3, Memory: 128,
	}
	if err := configure(&v, in.Timeout, in.MemorySize, in.Environment, in.Architectures); err != nil {
		return nil, err
	}
	if err := control.CheckTags(in.Tags); err != nil {
		return nil, err
	}
	if err := c.PassRole(v.Role, lambdaPrincipal); err != nil {
		return nil, err
	}
	f, err := o.store.CreateFunction(ctx, c.Scope, n.Name, v, code.ZipFile, in.Tags, val(in.Publish))
	if err != nil {
		return nil, err
	}
	return changedView(c, f, val(in.Publish)), nil
}

// configure takes over what both CreateFunction and
// UpdateFunctionConfiguration carry; nil keeps what it is.
func configure(v *apigw.FunctionVersion, timeout, memory *int, environment *lambdaapi.Environment, architectures []string) error {
	if timeout != nil {
		v.Timeout = *timeout
	}
	if memory != nil {
		v.Memory = *memory
	}
	if environment != nil {
		v.Environment, v.Unreadable, v.Sealed = environment.Variables, "", nil
	}
	switch {
	case v.Timeout < 1 || v.Timeout > 900:
		return apigw.Errorf(apigw.Validation, "1 validation error detected: Value '%d' at 'timeout' failed to satisfy constraint: Member must have value between 1 and 900", v.Timeout)
	case v.Memory < 128 || v.Memory > 10240:
		return apigw.Errorf(apigw.Validation, "1 validation error detected: Value '%d' at 'memorySize' failed to satisfy constraint: Member must have value between 128 and 10240", v.Memory)
	case len(architectures) > 1:
		return apigw.Errorf(apigw.BadRequest, "A function has one architecture")
	case len(architectures) == 1:
		v.Architecture = architectures[0]
	case v.Architecture == "":
		v.Architecture = hostArchitecture()
	}
	if strings.HasPrefix(v.Runtime, "provided") && v.Architecture != hostArchitecture() {
		return apigw.Errorf(apigw.NotSupported, "Gatehouse runs functions here, on %s: a bootstrap for %s can't be executed", hostArchitecture(), v.Architecture)
	}
	return nil
}

// hostArchitecture is this machine's in Lambda's words.
func hostArchitecture() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return runtime.GOARCH
}

// changedView shows $LATEST after a change or, when that published it, the
// version.
func changedView(c *Call, f *apigw.Function, published bool) *lambdaapi.FunctionConfiguration {
	if last := f.Versions[len(f.Versions)-1]; published {
		return versionView(c, f, last, last.Version)
	}
	return versionView(c, f, f.Versions[0], "")
}

func (o functions) updateFunctionCode(ctx context.Context, c *Call, in *lambdaapi.UpdateFunctionCodeRequest) (*lambdaapi.FunctionConfiguration, error) {
	n, err := o.ownWhole(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	err = refuseSettings(
		setting{"container images", in.ImageUri != nil}, setting{"code from S3 (give ZipFile)", in.S3Bucket != nil || in.S3Key != nil || in.S3ObjectVersion != nil},
		setting{"PublishTo", in.PublishTo != nil}, setting{"SourceKMSKeyArn", val(in.SourceKMSKeyArn) != ""}, setting{"DryRun", val(in.DryRun)})
	if err != nil {
		return nil, err
	}
	if len(in.ZipFile) == 0 {
		return nil, apigw.Errorf(apigw.BadRequest, "Please provide a source for function code.")
	}
	f, err := o.store.UpdateFunction(ctx, c.Scope, n.Name, in.ZipFile, val(in.RevisionId), func(f *apigw.Function) error {
		if err := configure(f.Versions[0], nil, nil, nil, in.Architectures); err != nil {
			return err
		}
		return o.publishIf(f, in.Publish)
	})
	if err != nil {
		return nil, err
	}
	return changedView(c, f, val(in.Publish)), nil
}

func (o functions) publishIf(f *apigw.Function, publish *bool) error {
	if !val(publish) {
		return nil
	}
	_, err := o.store.Publish(f, nil, "")
	return err
}

func (o functions) updateFunctionConfiguration(ctx context.Context, c *Call, in *lambdaapi.UpdateFunctionConfigurationRequest) (*lambdaapi.FunctionConfiguration, error) {
	n, err := o.ownWhole(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	err = refuseSettings(append(common(in.VpcConfig, in.DeadLetterConfig, in.TracingConfig, in.EphemeralStorage, in.SnapStart, in.LoggingConfig),
		setting{"ImageConfig", in.ImageConfig != nil}, setting{"KMSKeyArn", val(in.KMSKeyArn) != ""},
		setting{"Layers", len(in.Layers) > 0}, setting{"FileSystemConfigs", len(in.FileSystemConfigs) > 0},
		setting{"CapacityProviderConfig", in.CapacityProviderConfig != nil}, setting{"DurableConfig", in.DurableConfig != nil})...)
	if err != nil {
		return nil, err
	}
	f, err := o.store.UpdateFunction(ctx, c.Scope, n.Name, nil, val(in.RevisionId), func(f *apigw.Function) error {
		v := f.Versions[0]
		if val(in.Role) != v.Role {
			if err := c.PassRole(val(in.Role), lambdaPrincipal); err != nil {
				return err
			}
		}
		for to, given := range map[*string]*string{&v.Role: in.Role, &v.Handler: in.Handler, &v.Description: in.Description, &v.Runtime: in.Runtime} {
			if given != nil {
				*to = *given
			}
		}
		o.store.Touch(f)
		return configure(v, in.Timeout, in.MemorySize, in.Environment, nil)
	})
	if err != nil {
		return nil, err
	}
	return changedView(c, f, false), nil
}

func (o functions) deleteFunction(ctx context.Context, c *Call, in *lambdaapi.DeleteFunctionRequest) (*lambdaapi.DeleteFunctionResponse, error) {
	n, err := o.own(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if n.Qualifier != "" {
		err = o.store.DeleteVersion(ctx, c.Scope, n.Name, n.Qualifier)
	} else {
		err = o.store.DeleteFunction(ctx, c.Scope, n.Name)
	}
	return &lambdaapi.DeleteFunctionResponse{StatusCode: new(http.StatusNoContent)}, err
}

// functionTime is how Lambda writes a moment.
const functionTime = "2006-01-02T15:04:05.000-0700"

// versionView shows a version, under the qualifier that it was asked for.
func versionView(c *Call, f *apigw.Function, v *apigw.FunctionVersion, qualifier string) *lambdaapi.FunctionConfiguration {
	out := &lambdaapi.FunctionConfiguration{
		FunctionName: &f.Name, FunctionArn: new(control.FunctionARN(c.Scope, f.Name, qualifier)), Version: &v.Version,
		Runtime: &v.Runtime, Role: &v.Role, Handler: &v.Handler, Description: &v.Description, Timeout: &v.Timeout, MemorySize: &v.Memory,
		CodeSize: &v.CodeSize, CodeSha256: new(control.CodeSHA256(v)), LastModified: new(v.Modified.UTC().Format(functionTime)), RevisionId: &v.Revision,
		PackageType: new("Zip"), Architectures: []string{v.Architecture}, State: new("Active"), LastUpdateStatus: new("Successful"),
		TracingConfig: &lambdaapi.TracingConfigResponse{Mode: new("PassThrough")}, EphemeralStorage: &lambdaapi.EphemeralStorage{Size: new(512)},
		SnapStart: &lambdaapi.SnapStartResponse{ApplyOn: new("None"), OptimizationStatus: new("Off")},
	}
	if v.Unreadable != "" {
		out.Environment = &lambdaapi.EnvironmentResponse{Error: &lambdaapi.EnvironmentError{
			ErrorCode: new("AccessDeniedException"), Message: new(lambda.Undecipherable),
		}}
	}
	if len(v.Environment) > 0 {
		out.Environment = &lambdaapi.EnvironmentResponse{Variables: v.Environment}
	}
	return out
}
