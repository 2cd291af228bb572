package serving

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// RouteSettings are a stage's settings for a route. What its own don't say,
// those of all routes do. A nil stage has none.
func RouteSettings(st *apigw.Stage, key string) (s apigw.RouteSettings) {
	if st == nil || st.Routes == nil {
		return s
	}
	if all := st.Routes.DefaultSettings; all != nil {
		s = *all
	}
	own := st.Routes.Settings[key]
	if own == nil {
		return s
	}
	if own.ThrottlingRateLimit != nil {
		s.ThrottlingRateLimit = own.ThrottlingRateLimit
	}
	if own.ThrottlingBurstLimit != nil {
		s.ThrottlingBurstLimit = own.ThrottlingBurstLimit
	}
	if own.LoggingLevel != "" {
		s.LoggingLevel, s.DataTrace = own.LoggingLevel, own.DataTrace
	}
	s.DataTrace = s.DataTrace || own.DataTrace
	s.DetailedMetrics = own.DetailedMetrics
	return s
}

// RouteLimit is what settings limit a route to: each route has its own bucket. A
// limit that wasn't sent is an account's, which doesn't limit anything here.
func RouteLimit(s *apigw.RouteSettings) (l throttle.Limit, limited bool) {
	if s.ThrottlingRateLimit == nil && s.ThrottlingBurstLimit == nil {
		return l, false
	}
	l = throttle.Limit{Rate: DefaultRate, Burst: DefaultBurst}
	if s.ThrottlingBurstLimit != nil {
		l.Burst = *s.ThrottlingBurstLimit
	}
	if s.ThrottlingRateLimit != nil {
		l.Rate = *s.ThrottlingRateLimit
	}
	if l.Rate == 0 {
		l.Burst = 0 // nothing passes, from the first request on
	}
	return l, true
}
