package tap

import "github.com/tidwall/gjson"

// members calls use for every member of an object, and for nothing else: gjson's ForEach takes a lone value for a list of
// one, and providers send null where an object belongs.
func members(v gjson.Result, use func(key string, value gjson.Result)) {
	if !v.IsObject() {
		return
	}
	v.ForEach(func(key, value gjson.Result) bool {
		use(key.Str, value)
		return true
	})
}

// elements calls use for every element of an array, and for nothing else.
func elements(v gjson.Result, use func(element gjson.Result)) {
	if !v.IsArray() {
		return
	}
	v.ForEach(func(_, element gjson.Result) bool {
		use(element)
		return true
	})
}
