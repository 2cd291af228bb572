package stacktest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEvaluate: the functions, as the user guide's reference has them.
func TestEvaluate(t *testing.T) {
	for name, tc := range map[string]struct{ in, want, wrong string }{
		"nothing":             {in: `{"a": [1, true, "x"]}`, want: `{"a": [1, true, "x"]}`},
		"ref":                 {in: `{"Ref": "Made"}`, want: `"id"`},
		"ref of a parameter":  {in: `{"Ref": "Size"}`, want: `"small"`},
		"pseudo parameters":   {in: `[{"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}, {"Ref": "AWS::Partition"}]`, want: `["us-east-1", "111122223333", "aws"]`},
		"no value":            {in: `{"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}`, want: `{"b": [1]}`},
		"attribute":           {in: `[{"Fn::GetAtt": ["Made", "Arn"]}, {"Fn::GetAtt": "Made.Arn"}]`, want: `["arn:made", "arn:made"]`},
		"join, select":        {in: `{"Fn::Join": ["-", ["a", {"Fn::Select": ["1", {"Fn::Split": [":", {"Fn::GetAtt": ["Made", "Arn"]}]}]}]]}`, want: `"a-made"`},
		"sub":                 {in: `{"Fn::Sub": "${Made}/${Made.Arn}/${AWS::Region}/${!Made}"}`, want: `"id/arn:made/us-east-1/${Made}"`},
		"sub with names":      {in: `{"Fn::Sub": ["${Own}-${Made}", {"Own": {"Ref": "Size"}}]}`, want: `"small-id"`},
		"if":                  {in: `[{"Fn::If": ["Small", 1, 2]}, {"Fn::If": ["Large", 1, 2]}]`, want: `[1, 2]`},
		"only what is chosen": {in: `{"Fn::If": ["Small", 1, {"Fn::GetAtt": ["Made", "Missing"]}]}`, want: `1`},
		"import":              {in: `{"Fn::ImportValue": "x"}`, wrong: "the function Fn::ImportValue of x isn't known"},
		"transform":           {in: `{"Fn::Transform": {"Name": "x"}}`, wrong: "the function Fn::Transform"},
		"unknown name":        {in: `{"Ref": "Nobody"}`, wrong: "nothing is called Nobody"},
		"unknown attribute":   {in: `{"Fn::Sub": "${Made.Size}"}`, wrong: "no attribute Size of Made"},
	} {
		t.Run(name, func(t *testing.T) {
			template, err := Parse([]byte(`{"Parameters": {"Size": {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]}}, "Conditions": {
				"Small": {"Fn::Equals": [{"Ref": "Size"}, "small"]}, "Large": {"Fn::And": [{"Condition": "Small"}, {"Fn::Not": [{"Condition": "Small"}]}]}}}`))
			if err != nil {
				t.Fatal(err)
			}
			s := &Stack{Region: "us-east-1", Account: "111122223333", template: template, resources: map[string]*resource{"Made": {id: "id", attributes: map[string]string{"Arn": "arn:made"}}}}
			got, err := s.evaluate(decoded(t, tc.in))
			if tc.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wrong) {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			if d := cmp.Diff(decoded(t, tc.want), got); err != nil || d != "" {
				t.Errorf("%v %s", err, d)
			}
		})
	}
}

func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestOrder: what is referred to comes first, whichever way.
func TestOrder(t *testing.T) {
	template, err := Parse([]byte(`{"Resources": {
		"A": {"Type": "x", "Properties": {"p": [{"Fn::Sub": "a/${C.Arn}"}]}},
		"B": {"Type": "x", "DependsOn": "A"},
		"C": {"Type": "x", "Properties": {"p": {"Fn::GetAtt": ["E", "Arn"]}}},
		"D": {"Type": "x"},
		"E": {"Type": "x", "DependsOn": ["F"]},
		"F": {"Type": "x", "Properties": {"p": {"Ref": "AWS::Region"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := template.order()
	if d := cmp.Diff([]string{"F", "E", "C", "A", "B", "D"}, got); err != nil || d != "" {
		t.Error(err, d)
	}
	template.Resources["F"].DependsOn = "B"
	if got, err := template.order(); err == nil {
		t.Errorf("a circle: %v", got)
	}
}

// TestUnknownIsAnError: a type, a property and a section that nobody knows.
func TestUnknownIsAnError(t *testing.T) {
	for text, wrong := range map[string]string{
		`{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}`:                                       "A (AWS::SNS::Topic): this type isn't known",
		`{"Resources": {"A": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Nmae": "x"}}}}`: "CreateRestApiInput has no Nmae",
		`{"Resources": {}, "Transform": "AWS::Serverless-2016-10-31"}`:                            `unknown field "Transform"`,
	} {
		template, err := Parse([]byte(text))
		if err == nil {
			err = new(Stack).Update(t.Context(), template, nil)
		}
		if err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
