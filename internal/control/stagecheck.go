package control

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var (
	stageName     = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	variableName  = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9._~:/?#&=, -]+$`)
)

// checkStage refuses what AWS refuses in a stage.
func (c *Control) checkStage(ctx context.Context, ref apiRef, s *apigw.Stage, created bool) error {
	if !stageName.MatchString(string(s.Name)) {
		return apigw.Errorf(apigw.BadRequest, "Stage name only allows a-zA-Z0-9_")
	}
	if len(s.Name) > 128 {
		return apigw.Errorf(apigw.BadRequest, "Stage name has %d characters, 128 at most", len(s.Name))
	}
	if err := c.checkVariables(s.Variables); err != nil {
		return err
	}
	if err := checkCanary(s.Canary); err != nil {
		return err
	}
	if s.Canary != nil {
		if err := c.checkVariables(s.Canary.StageVariableOverrides); err != nil {
			return err
		}
	}
	if err := checkAccessLog(s.AccessLog); err != nil {
		return err
	}
	if err := checkTags(s.Tags); err != nil {
		return err
	}
	if err := c.checkStageDocumentation(ctx, ref, s); err != nil {
		return err
	}
	if !created {
		return nil
	}
	stages, err := c.stages(ctx, ref)
	if err == nil && len(stages) >= c.limits.Stages {
		return apigw.Errorf(apigw.LimitExceeded, "Maximum number of stages for this API has been reached: %d", c.limits.Stages)
	}
	return err
}

// checkStageDocumentation: the version that a stage names must exist.
func (c *Control) checkStageDocumentation(ctx context.Context, ref apiRef, s *apigw.Stage) error {
	if s.DocumentationVersion == "" {
		return nil
	}
	latest, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return err
	}
	if latest.def.DocumentationVersions[s.DocumentationVersion] == nil {
		return apigw.Errorf(apigw.BadRequest, "Invalid Documentation version specified")
	}
	return nil
}

func checkCanary(canary *apigw.CanarySettings) error {
	if canary != nil && (canary.PercentTraffic < 0 || canary.PercentTraffic > 100) {
		return apigw.Errorf(apigw.BadRequest, "Canary percentTraffic must be between 0.0 and 100.0")
	}
	return nil
}

// checkVariables holds stage variables to their charset (Amazon API Gateway
// developer guide, stage variables).
func (c *Control) checkVariables(variables map[string]string) error {
	if len(variables) > c.limits.StageVariables {
		return apigw.Errorf(apigw.LimitExceeded, "Maximum number of stage variables has been reached: %d", c.limits.StageVariables)
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if !variableName.MatchString(name) {
			return apigw.Errorf(apigw.BadRequest, "Invalid stage variable name: %s. Please use alphanumeric characters and underscores", name)
		}
		if v := variables[name]; !variableValue.MatchString(v) || len(v) > 2048 {
			return apigw.Errorf(apigw.BadRequest, "Invalid stage variable value of key %s.  Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.", name)
		}
	}
	return nil
}

// refuse answers 400 with everything of def, or of the stage's settings, that
// can't be served; what AWS accepts and fails later is logged.
func (c *Control) refuse(ref apiRef, def *apigw.Definition, s *apigw.Stage) error {
	problems := c.check(def, s)
	if err := refusal(serious(problems)); err != nil {
		return err
	}
	var stage apigw.StageName
	if s != nil {
		stage = s.Name
	}
	for _, text := range distinct(problems) {
		c.log.Warn("deployed as on AWS, but the place that the problem begins with won't work as written", "api", ref.api, "stage", stage, "problem", text)
	}
	return nil
}

// serious leaves out what AWS accepts.
func serious(problems []Problem) []Problem {
	return slices.DeleteFunc(slices.Clone(problems), func(p Problem) bool { return p.Warning })
}

// distinct are the problems in words, each once: the first of many.
func distinct(problems []Problem) (texts []string) {
	const most = 20
	known := map[string]bool{}
	for _, p := range problems {
		text := p.String()
		if !known[text] && len(known) < most {
			texts = append(texts, text)
		}
		known[text] = true
	}
	if more := len(known) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return texts
}

func refusal(problems []Problem) error {
	texts := distinct(problems)
	if len(texts) == 0 {
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "Gatehouse can't serve this yet: %s", strings.Join(texts, "; "))
}
