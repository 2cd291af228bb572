package awsapi

import (
	"context"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (balancers) describeAccountLimits(_ context.Context, _ *Call, in *elbv2.DescribeAccountLimitsInput) (*elbv2.DescribeAccountLimitsOutput, error) {
	page, next, err := balancerPage(in.Marker, in.PageSize, control.BalancerLimits(), func(l control.BalancerLimit) string { return l.Name })
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeAccountLimitsOutput{NextMarker: next}
	for _, l := range page {
		out.Limits = append(out.Limits, &elbv2.Limit{Name: &l.Name, Max: new(strconv.Itoa(l.Max))})
	}
	return out, nil
}
