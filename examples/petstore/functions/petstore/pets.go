package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// pet is what the API gives and takes.
type pet struct {
	ID      int     `json:"id"`
	Type    string  `json:"type"`
	Name    string  `json:"name"`
	Price   float64 `json:"price"`
	OwnerID int     `json:"ownerId,omitempty"`
}

// store holds pets by ID. Lambda gives a process one event at a time, so it
// needs no lock.
type store struct {
	pets map[int]pet
	next int
}

const pageSize = 10

func newStore(pets []pet) *store {
	s := &store{pets: map[int]pet{}}
	for _, p := range pets {
		s.add(p)
	}
	return s
}

func (s *store) add(p pet) pet {
	s.next++
	p.ID = s.next
	s.pets[p.ID] = p
	return p
}

// where lists the pets that fit, by ID.
func (s *store) where(fits func(pet) bool) []pet {
	found := []pet{}
	for _, id := range slices.Sorted(maps.Keys(s.pets)) {
		if fits(s.pets[id]) {
			found = append(found, s.pets[id])
		}
	}
	return found
}

func (s *store) list(r *request) response {
	page := 1
	if text, ok := r.QueryStringParameters["page"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return problem(http.StatusBadRequest, "page is a number from 1")
		}
		page = n
	}
	kind := r.QueryStringParameters["type"]
	found := s.where(func(p pet) bool { return kind == "" || strings.EqualFold(p.Type, kind) })
	first := min((page-1)*pageSize, len(found))
	return answer(http.StatusOK, found[first:min(first+pageSize, len(found))])
}

func (s *store) create(r *request) response {
	p, err := readPet(r)
	if err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	p = s.add(p)
	created := answer(http.StatusCreated, p)
	// The path of the request is without the stage; the context's is with it.
	created.Headers["Location"] = fmt.Sprintf("%s/%d", strings.TrimSuffix(r.RequestContext.Path, "/"), p.ID)
	return created
}

func (s *store) get(r *request) response {
	p, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	return answer(http.StatusOK, p)
}

func (s *store) replace(r *request) response {
	old, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	p, err := readPet(r)
	if err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	p.ID = old.ID
	s.pets[p.ID] = p
	return answer(http.StatusOK, p)
}

func (s *store) remove(r *request) response {
	p, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	delete(s.pets, p.ID)
	return response{StatusCode: http.StatusNoContent}
}

func (s *store) owned(r *request) response {
	owner, err := strconv.Atoi(r.PathParameters["ownerId"])
	if err != nil {
		return problem(http.StatusBadRequest, "an owner's ID is a number")
	}
	return answer(http.StatusOK, s.where(func(p pet) bool { return p.OwnerID == owner }))
}

// find returns the pet that the path names, or the answer when there is none.
func (s *store) find(r *request) (pet, *response) {
	id, err := strconv.Atoi(r.PathParameters["petId"])
	if err != nil {
		bad := problem(http.StatusBadRequest, "a pet's ID is a number")
		return pet{}, &bad
	}
	p, ok := s.pets[id]
	if !ok {
		gone := problem(http.StatusNotFound, fmt.Sprintf("there is no pet %d", id))
		return pet{}, &gone
	}
	return p, nil
}

// readPet reads the request's body.
func readPet(r *request) (pet, error) {
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
			return pet{}, fmt.Errorf("the body is no base64: %w", err)
		}
	}
	var p pet
	if err := json.Unmarshal(body, &p); err != nil {
		return pet{}, fmt.Errorf("the body is no pet: %w", err)
	}
	if p.Type == "" || p.Name == "" || p.Price < 0 {
		return pet{}, fmt.Errorf("a pet has a type, a name and a price that isn't negative")
	}
	return p, nil
}

func seed() []pet {
	return []pet{
		{Type: "dog", Name: "Argos", Price: 249.99, OwnerID: 1},
		{Type: "cat", Name: "Behemoth", Price: 124.99, OwnerID: 2},
		{Type: "fish", Name: "Wanda", Price: 0.99},
		{Type: "dog", Name: "Laika", Price: 299.5, OwnerID: 3},
		{Type: "bird", Name: "Huginn", Price: 75, OwnerID: 1},
		{Type: "bird", Name: "Muninn", Price: 75, OwnerID: 1},
		{Type: "cat", Name: "Murr", Price: 89},
		{Type: "horse", Name: "Rosinante", Price: 1250, OwnerID: 4},
		{Type: "donkey", Name: "Rucio", Price: 640, OwnerID: 4},
		{Type: "dog", Name: "Flush", Price: 410, OwnerID: 5},
		{Type: "tortoise", Name: "Achilles", Price: 55},
		{Type: "fish", Name: "Dory", Price: 12.5, OwnerID: 2},
	}
}
