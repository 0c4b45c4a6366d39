package web

import (
	"slices"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/routing/rules"
	"squirrel/views/pages"
)

// editRule does what a button of the form asks: "add:r.1" adds a condition to the group r.1. The result is a key of what
// was done, for screen readers; empty for nothing.
func editRule(root *pages.RuleNode, op string) (done string) {
	what, path, _ := strings.Cut(op, ":")
	switch what {
	case "add", "group":
		group := childAt(root, path)
		if group == nil || !group.Group || countNodes(root) > rules.MaxNodes {
			return ""
		}
		group.Children = append(group.Children, newNode(what == "group"))
	case "up", "down", "copy", "del":
		parent, i := parentOf(root, path)
		if parent == nil {
			return ""
		}
		moveChild(parent, i, what)
	default:
		return ""
	}
	number(root, rootPath)
	return "rules.done." + what
}

func newNode(group bool) *pages.RuleNode {
	if group {
		return &pages.RuleNode{Group: true, Logic: "OR", Children: []*pages.RuleNode{newNode(false)}}
	}
	return &pages.RuleNode{Field: "model", Op: string(rules.OpMatches), Type: "text"}
}

func moveChild(parent *pages.RuleNode, i int, what string) {
	children := parent.Children
	switch {
	case what == "del":
		parent.Children = slices.Delete(children, i, i+1)
	case what == "copy":
		parent.Children = slices.Insert(children, i+1, cloneNode(children[i]))
	case what == "up" && i > 0:
		children[i-1], children[i] = children[i], children[i-1]
	case what == "down" && i < len(children)-1:
		children[i], children[i+1] = children[i+1], children[i]
	}
}

func cloneNode(n *pages.RuleNode) *pages.RuleNode {
	clone := *n
	clone.Children = make([]*pages.RuleNode, len(n.Children))
	for i, child := range n.Children {
		clone.Children[i] = cloneNode(child)
	}
	return &clone
}

// childAt finds a node by its path.
func childAt(root *pages.RuleNode, path string) *pages.RuleNode {
	if path == rootPath {
		return root
	}
	parent, i := parentOf(root, path)
	if parent == nil {
		return nil
	}
	return parent.Children[i]
}

// parentOf finds the group that holds the node of a path; nil when there is no such node, or it is the outermost.
func parentOf(root *pages.RuleNode, path string) (parent *pages.RuleNode, index int) {
	rest, ok := strings.CutPrefix(path, rootPath+".")
	if !ok {
		return nil, 0
	}
	n := root
	for part := range strings.SplitSeq(rest, ".") {
		i, err := strconv.Atoi(part)
		if err != nil || i < 0 || n == nil || i >= len(n.Children) {
			return nil, 0
		}
		parent, index, n = n, i, n.Children[i]
	}
	return parent, index
}

func countNodes(n *pages.RuleNode) int {
	count := 0
	for _, child := range n.Children {
		count += 1 + countNodes(child)
	}
	return count
}

func countLeaves(n *pages.RuleNode) int {
	if !n.Group {
		return 1
	}
	count := 0
	for _, child := range n.Children {
		count += countLeaves(child)
	}
	return count
}

// showTrace puts what the conditions saw to their nodes: both are in the order of the tree.
func showTrace(n *pages.RuleNode, leaves []models.RuleTrace) (rest []models.RuleTrace) {
	if !n.Group {
		if len(leaves) == 0 {
			return nil
		}
		n.Result = leafResult(&leaves[0])
		return leaves[1:]
	}
	for _, child := range n.Children {
		leaves = showTrace(child, leaves)
	}
	return leaves
}

func leafResult(t *models.RuleTrace) *pages.LeafResult {
	actual := string(t.Actual)
	if actual == "null" {
		actual = ""
	}
	return &pages.LeafResult{Result: t.Result, Actual: actual}
}
