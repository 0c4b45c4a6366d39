package rules

// Operator compares the values of a field with the value of a condition.
type Operator string

// The operators.
const (
	OpEq          Operator = "eq"
	OpNe          Operator = "ne"
	OpGt          Operator = "gt"
	OpGte         Operator = "gte"
	OpLt          Operator = "lt"
	OpLte         Operator = "lte"
	OpBetween     Operator = "between" // [low, high], both included
	OpContains    Operator = "contains"
	OpNotContains Operator = "not_contains"
	OpStartsWith  Operator = "starts_with"
	OpEndsWith    Operator = "ends_with"
	OpMatches     Operator = "matches" // glob: * any text, ? one character
	OpRegex       Operator = "regex"   // RE2, found anywhere in the text
	OpIn          Operator = "in"
	OpNotIn       Operator = "not_in"
	OpExists      Operator = "exists" // true or false
)

// family groups operators by the values they work on.
type family byte

const (
	anyFamily family = iota + 1 // every scalar; other types are simply not equal
	textFamily
	numberFamily
	existsFamily
)

type operatorInfo struct {
	op     Operator
	family family
	negate bool // holds when no value passes, so also when the field is missing
	words  string
}

var operatorInfos = []operatorInfo{
	{OpEq, anyFamily, false, "is"},
	{OpNe, anyFamily, true, "is not"},
	{OpIn, anyFamily, false, "is"},
	{OpNotIn, anyFamily, true, "is not"},
	{OpGt, numberFamily, false, ">"},
	{OpGte, numberFamily, false, "≥"},
	{OpLt, numberFamily, false, "<"},
	{OpLte, numberFamily, false, "≤"},
	{OpBetween, numberFamily, false, "is between"},
	{OpContains, textFamily, false, "contains"},
	{OpNotContains, textFamily, true, "does not contain"},
	{OpStartsWith, textFamily, false, "starts with"},
	{OpEndsWith, textFamily, false, "ends with"},
	{OpMatches, textFamily, false, "matches"},
	{OpRegex, textFamily, false, "matches regex"},
	{OpExists, existsFamily, false, "exists"},
}

func operatorOf(name string) *operatorInfo {
	for i := range operatorInfos {
		if string(operatorInfos[i].op) == name {
			return &operatorInfos[i]
		}
	}
	return nil
}

// worksOn reports whether the operator can ever hold for a field of a type. Fields of any type are judged by what a
// request brings.
func (o *operatorInfo) worksOn(t FieldType) bool {
	switch o.family {
	case textFamily:
		return t == TypeText || t == TypeAny
	case numberFamily:
		return t == TypeNumber || t == TypeAny
	default:
		return true
	}
}

// Operators lists the operators that make sense for a type of field, in the order editors should offer them.
func Operators(t FieldType) []Operator {
	var ops []Operator
	for i := range operatorInfos {
		if operatorInfos[i].worksOn(t) {
			ops = append(ops, operatorInfos[i].op)
		}
	}
	return ops
}
