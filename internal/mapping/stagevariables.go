package mapping

import (
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/vtl"
)

// StageVariables are a stage's variables as templates see them. It never
// changes.
type StageVariables struct {
	values map[string]string
	names  []string // in the order that templates go through them
}

// NewStageVariables is for the variables of a stage, which must not change any
// more.
func NewStageVariables(values map[string]string) *StageVariables {
	names := slices.Sorted(maps.Keys(values))
	hashOrder(names)
	return &StageVariables{values, names}
}

// variablesObject is $stageVariables.
type variablesObject struct{}

func (variablesObject) Get(run *vtl.Run, name string) (vtl.Value, error) {
	v := of(run).Variables
	if v == nil {
		return vtl.NullValue(), nil
	}
	if value, ok := v.values[name]; ok {
		return vtl.StringValue(value), nil
	}
	return vtl.NullValue(), nil
}

func (variablesObject) Set(_ *vtl.Run, name string, _ vtl.Value) error {
	return errReadOnly("$stageVariables." + name)
}

func (o variablesObject) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	return readMap(run, o, method, args)
}

func (o variablesObject) Append(run *vtl.Run, dst []byte) ([]byte, bool) {
	return o.Map(run).Append(dst), true
}

func (variablesObject) Map(run *vtl.Run) vtl.Value {
	v := of(run).Variables
	if v == nil {
		return vtl.MapValue(nil, nil)
	}
	values := make([]vtl.Value, len(v.names))
	for i, name := range v.names {
		values[i] = vtl.StringValue(v.values[name])
	}
	return vtl.MapValue(slices.Clone(v.names), values)
}
