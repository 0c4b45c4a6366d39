package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"squirrel/views/pages"
)

// editMessages does what a button of the conversation asks: "up:1" moves the second message up. It reports whether op is such
// a button. What is wrong with a message goes with it.
func editMessages(form *pages.Playground, op string) bool {
	what, place, _ := strings.Cut(op, ":")
	if what == "add" {
		if len(form.Messages) < maxMessages {
			form.Messages = append(form.Messages, pages.PlayMessage{Role: nextRole(form.Messages)})
		}
		form.Focus = "text-" + strconv.Itoa(len(form.Messages)-1)
		return true
	}
	if what != "up" && what != "down" && what != "del" {
		return false
	}
	order := make([]int, len(form.Messages))
	for i := range order {
		order[i] = i
	}
	i, err := strconv.Atoi(place)
	if err != nil || i < 0 || i >= len(order) {
		return true
	}
	switch {
	case what == "del":
		order = slices.Delete(order, i, i+1)
		form.Focus = "text-" + strconv.Itoa(max(0, min(i, len(order)-1)))
	case what == "up" && i > 0:
		order[i-1], order[i] = order[i], order[i-1]
		form.Focus = "up-" + strconv.Itoa(i-1)
	case what == "down" && i < len(order)-1:
		order[i], order[i+1] = order[i+1], order[i]
		form.Focus = "down-" + strconv.Itoa(i+1)
	}
	reorder(form, order)
	return true
}

// nextRole alternates: who adds a message to a question writes what was answered to it.
func nextRole(messages []pages.PlayMessage) string {
	if last := len(messages) - 1; last >= 0 && messages[last].Role == "user" {
		return "assistant"
	}
	return "user"
}

// reorder puts the messages into an order of their indices, and leaves out those that are not in it.
func reorder(form *pages.Playground, order []int) {
	imageField := func(i int) string { return "image_" + strconv.Itoa(i) }
	messages, problems := make([]pages.PlayMessage, 0, len(order)), map[string]string{}
	for to, from := range order {
		messages = append(messages, form.Messages[from])
		if problem := form.Errors[imageField(from)]; problem != "" {
			problems[imageField(to)] = problem
		}
	}
	maps.DeleteFunc(form.Errors, func(name, _ string) bool { return strings.HasPrefix(name, "image_") })
	maps.Copy(form.Errors, problems)
	if form.Messages = messages; len(messages) == 0 {
		form.Messages = []pages.PlayMessage{{Role: "user"}}
	}
}
