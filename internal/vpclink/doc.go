// Package vpclink leads private integrations through VPC links to load
// balancers and registered services: rules, target choice and health of what is
// behind a link, shared by the stages of every API and kept across deployments.
package vpclink
