package sdk

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Type describes a kind of SDK, as GetSdkTypes does.
type Type struct {
	ID, Name, Description string
	Properties            []Property
}

// Property is a parameter that GetSdk takes.
type Property struct {
	Name, FriendlyName, Description string
	Required                        bool
	Default                         string
	fits                            *regexp.Regexp // what a value must match whole; nil: a text without a meaning
	says                            string         // what fits says, for people
}

// language is a Type and how its SDKs are written; files is nil where nothing
// here can compile or run what would be written.
type language struct {
	Type
	files func(*api, map[string]string) ([]file, error)
}

// What the parameters of the types may be. They become file names, package
// names and members of build files.
var (
	coordinate = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	javaName   = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,63}(\.[a-z_][a-z0-9_]{0,63}){0,15}$`)
	letters    = regexp.MustCompile(`^[A-Za-z]{1,64}$`)
	gemName    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
	gemVersion = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9A-Za-z]{1,16}){0,8}$`)
	pythonName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	modulePath = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}(/[a-z0-9][a-z0-9._-]{0,63}){0,9}$`)
	buildTool  = regexp.MustCompile(`^(maven|gradle)$`)
)

const (
	saysCoordinate = "letters, digits, '.', '_' and '-'"
	saysJavaName   = "lower-case names with '.' between them"
	saysLetters    = "letters (a-zA-Z) alone" // developer guide, "Generate the Ruby SDK of an API"
)

// languages lists the types, AWS's in the order of its console and then
// Gatehouse's own. The properties of AWS's are those its documentation names.
func languages() []language {
	prefix := Property{Name: "classPrefix", FriendlyName: "Prefix", Description: "The prefix of generated classes", Required: true, fits: letters, says: saysLetters}
	return []language{
		{Type: Type{ID: "android", Name: "Android", Description: "Generate an Android SDK", Properties: []Property{
			{Name: "groupId", FriendlyName: "Group ID", Description: "The Maven group of the artifact", Required: true, fits: coordinate, says: saysCoordinate},
			{Name: "artifactId", FriendlyName: "Artifact ID", Description: "The Maven name of the artifact", Required: true, fits: coordinate, says: saysCoordinate},
			{Name: "artifactVersion", FriendlyName: "Artifact Version", Description: "The version of the artifact", Required: true, fits: coordinate, says: saysCoordinate},
			{Name: "invokerPackage", FriendlyName: "Invoker Package", Description: "The package of generated classes", Required: true, fits: javaName, says: saysJavaName},
		}}},
		{Type: Type{ID: "javascript", Name: "JavaScript", Description: "Generate a JavaScript SDK"}, files: javascriptFiles},
		{Type: Type{ID: "objectivec", Name: "iOS (Objective-C)", Description: "Generate an Objective-C SDK for iOS", Properties: []Property{prefix}}},
		{Type: Type{ID: "swift", Name: "iOS (Swift)", Description: "Generate a Swift SDK for iOS", Properties: []Property{prefix}}},
		{Type: Type{ID: "java", Name: "Java", Description: "Generate a Java SDK", Properties: []Property{
			{Name: "service.name", FriendlyName: "Service Name", Description: "The name of the client class", Required: true, fits: letters, says: saysLetters},
			{Name: "java.package-name", FriendlyName: "Java Package Name", Description: "The package of generated classes", Required: true, fits: javaName, says: saysJavaName},
			{Name: "java.build-system", FriendlyName: "Java Build System", Description: "The build system: maven or gradle", Default: "maven", fits: buildTool, says: "maven or gradle"},
			{Name: "java.group-id", FriendlyName: "Java Group ID", Description: "The group of the artifact; the package name by default", fits: coordinate, says: saysCoordinate},
			{Name: "java.artifact-id", FriendlyName: "Java Artifact ID", Description: "The name of the artifact; the service name by default", fits: coordinate, says: saysCoordinate},
			{Name: "java.artifact-version", FriendlyName: "Java Artifact Version", Description: "The version of the artifact", Default: "1.0-SNAPSHOT", fits: coordinate, says: saysCoordinate},
			{Name: "java.license-text", FriendlyName: "Java License Text", Description: "The text of a file LICENSE.txt"},
		}}, files: javaFiles},
		{Type: Type{ID: "ruby", Name: "Ruby", Description: "Generate a Ruby SDK", Properties: []Property{
			{Name: "service.name", FriendlyName: "Service Name", Description: "The name of the Ruby module", Required: true, fits: letters, says: saysLetters},
			{Name: "ruby.gem-name", FriendlyName: "Ruby Gem Name", Description: "The name of the gem; the service name in lower case with -sdk by default", fits: gemName, says: "lower-case letters, digits, '_' and '-'"},
			{Name: "ruby.gem-version", FriendlyName: "Ruby Gem Version", Description: "The version of the gem", Default: "1.0.0", fits: gemVersion, says: "numbers with '.' between them"},
		}}, files: rubyFiles},
		{Type: Type{ID: "typescript", Name: "TypeScript", Description: "Generate a TypeScript SDK with the models as types. Gatehouse's own: Amazon API Gateway has no such type"}, files: typescriptFiles},
		{Type: Type{ID: "python", Name: "Python", Description: "Generate a Python SDK, of the standard library alone. Gatehouse's own: Amazon API Gateway has no such type", Properties: []Property{
			{Name: "package.name", FriendlyName: "Package Name", Description: "The name of the package", Default: "apigateway_client", fits: pythonName, says: "lower-case letters, digits and '_'"},
		}}, files: pythonFiles},
		{Type: Type{ID: "go", Name: "Go", Description: "Generate a Go SDK, of the standard library alone. Gatehouse's own: Amazon API Gateway has no such type", Properties: []Property{
			{Name: "module.path", FriendlyName: "Module Path", Description: "The path of the module; its package is apiclient", Default: "apiclient", fits: modulePath, says: "names of lower-case letters, digits, '.', '_' and '-' with '/' between them"},
		}}, files: goFiles},
	}
}

// Types are all types, those that can't be generated here included: their
// descriptions say so, and AWS's clients find the ids that AWS has.
func Types() []Type {
	var list []Type
	for _, l := range languages() {
		t := l.Type
		if l.files == nil {
			t.Description += " (not generated by Gatehouse)"
		}
		list = append(list, t)
	}
	return list
}

// TypeOf is the type with an id. The error is NotFound.
func TypeOf(id string) (*Type, error) {
	for _, t := range Types() {
		if t.ID == id {
			return &t, nil
		}
	}
	return nil, apigw.Errorf(apigw.NotFound, "Invalid SDK type identifier specified")
}

func languageOf(id string) (*language, error) {
	var working []string
	var found *language
	for _, l := range languages() {
		if l.files != nil {
			working = append(working, l.ID)
		}
		if l.ID == id {
			found = &l
		}
	}
	if found == nil {
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid SDK type specified: %s. Gatehouse generates %s", id, strings.Join(working, ", "))
	}
	if found.files == nil {
		return nil, apigw.Errorf(apigw.BadRequest, "Gatehouse doesn't generate %s SDKs. It generates %s", id, strings.Join(working, ", "))
	}
	return found, nil
}

// parameters reads what GetSdk was given: names as GetSdkType lists them, or
// in the camel case of the reference of GetSdk (serviceName, javaPackageName).
func (l *language) parameters(given map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for name, value := range given {
		i := slices.IndexFunc(l.Properties, func(p Property) bool { return name == p.Name || name == camelSpelling(p.Name) })
		if i < 0 {
			return nil, apigw.Errorf(apigw.BadRequest, "Invalid SDK parameter specified: %s", name)
		}
		p := l.Properties[i]
		if before, twice := out[p.Name]; twice && before != value {
			return nil, apigw.Errorf(apigw.BadRequest, "SDK parameter %s is given twice, with two values", p.Name)
		}
		if value != "" && p.fits != nil && !p.fits.MatchString(value) {
			return nil, apigw.Errorf(apigw.BadRequest, "Invalid value for SDK parameter %s: it is made of %s", p.Name, p.says)
		}
		out[p.Name] = value
	}
	for _, p := range l.Properties {
		if out[p.Name] != "" {
			continue
		}
		if p.Required {
			return nil, apigw.Errorf(apigw.BadRequest, "Missing required SDK parameter: %s", p.Name)
		}
		out[p.Name] = p.Default
	}
	return out, nil
}

// camelSpelling is the other spelling of a parameter: java.package-name is
// javaPackageName, too.
func camelSpelling(name string) string {
	parts := words(name)
	if len(parts) < 2 {
		return name
	}
	return lowerFirst(camel(parts))
}
