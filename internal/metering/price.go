package metering

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Prices is what AWS charges in one region, for a calendar month.
type Prices struct {
	Currency string `yaml:"currency"`
	// Requests are the tiers of a price per million requests of REST APIs.
	Requests []Tier `yaml:"requests"`
	// FreeRequests is how many requests a month are free in the first year of an
	// account.
	FreeRequests int64 `yaml:"freeRequests"`
	// Messages are the tiers of a price per million messages of WebSocket APIs,
	// ConnectionMinutes is that per million minutes of their connections.
	Messages          []Tier  `yaml:"messages"`
	ConnectionMinutes float64 `yaml:"connectionMinutes"`
	// FreeMessages and FreeConnectionMinutes are as FreeRequests.
	FreeMessages          int64 `yaml:"freeMessages"`
	FreeConnectionMinutes int64 `yaml:"freeConnectionMinutes"`
	// CacheHour is the price of an hour of a cache, by its size in GB.
	CacheHour map[string]float64 `yaml:"cacheHour"`
	// Transfer are the tiers of a price per GB that leaves AWS.
	Transfer []Tier `yaml:"transfer"`
}

// Tier is a price that holds up to an amount: millions of requests or GB, since
// the month began; 0 on the last tier, which has no end.
type Tier struct {
	UpTo  float64 `yaml:"upTo"`
	Price float64 `yaml:"price"`
}

// DefaultPrices are AWS's of us-east-1 (aws.amazon.com/api-gateway/pricing and
// /ec2/pricing/on-demand, "Data transfer").
func DefaultPrices() Prices {
	return Prices{
		Currency:     "USD",
		Requests:     []Tier{{333, 3.50}, {1_000, 2.80}, {20_000, 2.38}, {0, 1.51}},
		FreeRequests: 1_000_000,
		Messages:     []Tier{{1_000, 1.00}, {0, 0.80}}, ConnectionMinutes: 0.25,
		FreeMessages: 1_000_000, FreeConnectionMinutes: 750_000,
		CacheHour: map[string]float64{
			"0.5": 0.020, "1.6": 0.038, "6.1": 0.200, "13.5": 0.250, "28.4": 0.500, "58.2": 1.000, "118": 1.900, "237": 3.800,
		},
		Transfer: []Tier{{100, 0}, {10_240, 0.09}, {51_200, 0.085}, {153_600, 0.07}, {0, 0.05}},
	}
}

// Check says what of the prices can't be meant.
func (p *Prices) Check() error {
	var errs []error
	for name, tiers := range map[string][]Tier{"requests": p.Requests, "messages": p.Messages, "transfer": p.Transfer} {
		errs = append(errs, checkTiers(name, tiers))
	}
	for size, price := range p.CacheHour {
		if _, err := strconv.ParseFloat(size, 64); err != nil || !isPrice(price) {
			errs = append(errs, fmt.Errorf("prices: cacheHour: %s: %v is no price of a cache of so many GB", size, price))
		}
	}
	if !isPrice(p.ConnectionMinutes) {
		errs = append(errs, fmt.Errorf("prices: connectionMinutes: %v is no price", p.ConnectionMinutes))
	}
	for name, free := range map[string]int64{"freeRequests": p.FreeRequests, "freeMessages": p.FreeMessages, "freeConnectionMinutes": p.FreeConnectionMinutes} {
		if free < 0 {
			errs = append(errs, errors.New("prices: "+name+" is negative"))
		}
	}
	return errors.Join(errs...)
}

func checkTiers(name string, tiers []Tier) error {
	if len(tiers) == 0 {
		return fmt.Errorf("prices: %s has no tier; one without upTo holds for every amount", name)
	}
	before := 0.0
	for i, t := range tiers {
		last := i == len(tiers)-1
		if !isPrice(t.Price) || math.IsNaN(t.UpTo) || last != (t.UpTo == 0) || !last && t.UpTo <= before {
			return fmt.Errorf("prices: %s: tier %d: each tier has a price and ends above the one before; only the last has no upTo", name, i+1)
		}
		before = t.UpTo
	}
	return nil
}

func isPrice(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

// Cost is what a month would have cost.
type Cost struct {
	Currency    string  `json:"currency"`
	Requests    float64 `json:"requests"`
	Messages    float64 `json:"messages"`
	Connections float64 `json:"connections"`
	Cache       float64 `json:"cache"`
	Transfer    float64 `json:"transfer"`
	Total       float64 `json:"total"`
	// FirstYear is the total for an account that has the free tier.
	FirstYear float64 `json:"firstYear"`
}

const (
	million         = 1e6
	gigabyte        = 1 << 30
	millisPerMinute = 60_000
)

// Cost is what the stages of an account in one region would have cost in a
// month. Caches of a size without a price cost nothing.
func (p *Prices) Cost(stages []*apigw.MeteredStage) Cost {
	var sum apigw.MeteredAmount
	c := Cost{Currency: p.Currency}
	for _, s := range stages {
		sum = sum.Plus(s.MeteredAmount)
		for size, hours := range s.CacheHours {
			c.Cache += float64(hours) * p.CacheHour[size]
		}
	}
	minutes := float64(sum.Connected) / millisPerMinute
	c.Requests = tiered(p.Requests, float64(sum.Calls)/million)
	c.Messages = tiered(p.Messages, float64(sum.Messages)/million)
	c.Connections = minutes / million * p.ConnectionMinutes
	c.Transfer = tiered(p.Transfer, float64(sum.Bytes)/gigabyte)
	c.Total = c.Requests + c.Messages + c.Connections + c.Cache + c.Transfer
	c.FirstYear = tiered(p.Requests, float64(max(0, sum.Calls-p.FreeRequests))/million) +
		tiered(p.Messages, float64(max(0, sum.Messages-p.FreeMessages))/million) +
		max(0, minutes-float64(p.FreeConnectionMinutes))/million*p.ConnectionMinutes + c.Cache + c.Transfer
	return c
}

// tiered is the price of an amount, each part of it at the price of its tier.
func tiered(tiers []Tier, amount float64) (price float64) {
	from := 0.0
	for _, t := range tiers {
		to := t.UpTo
		if to == 0 || to > amount {
			to = amount
		}
		if to > from {
			price += (to - from) * t.Price
			from = to
		}
	}
	return price
}
