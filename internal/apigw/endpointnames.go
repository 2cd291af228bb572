package apigw

// Names are the names that lead to the endpoint in its VPC, for name servers
// there, but for private custom domain names, whose associations say where they
// lead. The first label may be a wildcard: "*" stands for any label, and
// "*-vpce-…" for any that ends so, as aliases of APIs do.
func (e *VPCEndpoint) Names(scope Scope) []string {
	service := ".execute-api." + scope.Region
	suffix := "." + DNSSuffix(scope.Partition)
	names := []string{e.ID + service + ".vpce" + suffix, "*-" + e.ID + service + suffix}
	zones := map[string]bool{}
	for _, s := range e.Subnets {
		if s.Zone != "" && !zones[s.Zone] {
			zones[s.Zone] = true
			names = append(names, e.ID+"-"+s.Zone+service+".vpce"+suffix)
		}
	}
	if e.PrivateDNS {
		names = append(names, "*"+service+suffix)
	}
	return names
}
