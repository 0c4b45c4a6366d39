package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

const (
	chatBytes     = 32_000 // of HTML of a conversation that a page shows at once
	messageBytes  = 400    // around a message, or one of its parts
	partBytes     = 6_000  // of a part of a message that is shown with the others
	maxReadText   = 16_000 // bytes that are read of such a part
	maxToolNames  = 60
	toolNameBytes = 64
)

// chatPane shows a conversation by parts, the newest one first: what was said last is what is looked for.
type chatPane struct {
	*transcript
	ctx  context.Context
	link func(...string) string
	room int
}

// place is a part of a turn, from 0 both.
type place struct{ turn, part int }

func (p place) String() string { return strconv.Itoa(p.turn) + "." + strconv.Itoa(p.part) }

func (p place) compare(q place) int { return cmp.Or(p.turn-q.turn, p.part-q.part) }

func readPlace(text string) (p place, ok bool) {
	turn, part, _ := strings.Cut(text, ".")
	n, err := strconv.Atoi(turn)
	p.turn = n
	if part != "" && err == nil {
		p.part, err = strconv.Atoi(part)
	}
	return p, err == nil && p.turn >= 0 && p.part >= 0
}

// chatView is the part of a conversation that is asked for: from a place on, up to one, or its end.
func chatView(ctx context.Context, v url.Values, found *admin.LogView, link func(...string) string) *pages.Chat {
	if at, ok := readPlace(v.Get("whole")); ok {
		return wholePart(ctx, v, found, link, at)
	}
	t := newTranscript(found, maxReadText)
	if t == nil {
		return nil
	}
	p := chatPane{transcript: t, ctx: ctx, link: link, room: chatBytes}
	end := place{turn: len(t.turns)}
	from, forth := readPlace(v.Get("from"))
	if until, ok := readPlace(v.Get("until")); ok && !forth && until.compare(end) < 0 {
		end = until
	}
	var shown []pages.ChatMessage
	if forth && from.turn < len(t.turns) {
		shown, end = p.after(from)
	} else {
		shown, from = p.before(end)
	}
	p.pairCalls(shown, end)
	chat := &pages.Chat{Messages: shown, Problem: t.problem, ToolCount: len(t.tools)}
	for _, name := range t.tools[:min(len(t.tools), maxToolNames)] {
		chat.Tools = append(chat.Tools, ui.Beginning(name, toolNameBytes))
	}
	p.leaf(chat, from, end)
	return chat
}

// leaf leads to what was said before and after what is shown.
func (p *chatPane) leaf(chat *pages.Chat, from, end place) {
	before, after := from.compare(place{}) > 0, end.turn < len(p.turns)
	if !before && !after {
		return
	}
	last := end.turn
	if end.part > 0 {
		last++
	}
	chat.Pager = ui.PagerProps{
		Summary:  i18n.T(p.ctx, "log.chat.shown", "from", ui.Count(int64(from.turn+1)), "to", ui.Count(int64(last)), "total", ui.Count(int64(len(p.turns)))),
		PrevText: i18n.T(p.ctx, "log.chat.earlier"), NextText: i18n.T(p.ctx, "log.chat.later"),
	}
	if before {
		chat.Pager.PrevURL = p.link("tab", "chat", "until", from.String()) + "#parts"
		chat.FirstURL = p.link("tab", "chat", "from", "0") + "#parts"
	}
	if after {
		chat.Pager.NextURL = p.link("tab", "chat", "from", end.String()) + "#parts"
		chat.LastURL = p.link("tab", "chat") + "#parts"
	}
}

// before is as much as fits of what was said before a place, and where that begins.
func (p *chatPane) before(end place) (shown []pages.ChatMessage, from place) {
	room, from := p.room, end
	for turn := min(end.turn, len(p.turns)-1); turn >= 0 && room > 0; turn-- {
		if turn == end.turn && end.part == 0 {
			continue
		}
		m, said := p.read(turn)
		if !said {
			from = place{turn: turn}
			continue
		}
		if turn == end.turn {
			m.Parts = m.Parts[:min(end.part, len(m.Parts))]
		}
		room -= messageBytes
		first := len(m.Parts)
		for first > 0 {
			size := p.fit(&m.Parts[first-1], place{turn, first - 1})
			if size > room && (len(shown) > 0 || first < len(m.Parts)) {
				room = 0
				break
			}
			room, first = room-size, first-1
		}
		if first == len(m.Parts) && first > 0 {
			break // nothing of it fits
		}
		m.Parts = m.Parts[first:]
		shown, from = append(shown, m), place{turn, first}
	}
	slices.Reverse(shown)
	return shown, from
}

// after is as much as fits of what was said from a place on, and where that ends.
func (p *chatPane) after(from place) (shown []pages.ChatMessage, end place) {
	room, end := p.room, from
	for turn := from.turn; turn < len(p.turns); turn++ {
		m, said := p.read(turn)
		if !said {
			end = place{turn: turn + 1}
			continue
		}
		first := 0
		if turn == from.turn {
			first = min(from.part, len(m.Parts))
		}
		last := first
		for room -= messageBytes; last < len(m.Parts); last++ {
			size := p.fit(&m.Parts[last], place{turn, last})
			if size > room && (len(shown) > 0 || last > first) {
				if m.Parts = m.Parts[first:last]; last > first {
					shown = append(shown, m)
				}
				return shown, place{turn, last}
			}
			room -= size
		}
		m.Parts = m.Parts[first:]
		shown, end = append(shown, m), place{turn: turn + 1}
		if room <= 0 {
			break
		}
	}
	return shown, end
}

// fit shortens a part to what is shown of it together with others, leads to the whole of it, and tells how large it is.
func (p *chatPane) fit(part *pages.ChatPart, at place) int {
	text, whole := readCuts(part.Text)
	part.Text = ui.Beginning(text, partBytes)
	part.Name, part.ID = ui.Beginning(part.Name, partBytes/10), ui.Beginning(part.ID, partBytes/10)
	if len(part.Text) < whole {
		part.Size, part.WholeURL = whole, p.link("tab", "chat", "whole", at.String())+"#parts"
	}
	return ui.HTMLSize(part.Text) + ui.HTMLSize(part.WholeURL) + messageBytes
}

// pairCalls names the tools of results, and leads from them to the calls: on the page, or where they are.
func (p *chatPane) pairCalls(shown []pages.ChatMessage, end place) {
	here := callIDs(shown)
	for i := range shown {
		for k := range shown[i].Parts {
			part := &shown[i].Parts[k]
			if part.Kind != "tool_result" || part.ID == "" {
				continue
			}
			if here[part.ID] {
				part.CallURL = "#call-" + part.ID
			} else if turn := p.callTurn(part.ID, min(end.turn, len(p.turns)-1)); turn >= 0 {
				part.CallURL = p.link("tab", "chat", "from", strconv.Itoa(turn)) + "#call-" + url.PathEscape(part.ID)
			}
			part.Name = ui.Beginning(p.names[part.ID], partBytes/10)
		}
	}
}

// callIDs are the ids of the tool calls in messages.
func callIDs(messages []pages.ChatMessage) map[string]bool {
	ids := map[string]bool{}
	for _, m := range messages {
		for _, part := range m.Parts {
			ids[part.ID] = ids[part.ID] || part.Kind == "tool_call"
		}
	}
	return ids
}

// callTurn is the last turn up to one in which a tool is called by an id; -1 when there is none.
func (p *chatPane) callTurn(id string, last int) int {
	for turn := last; turn >= 0; turn-- {
		if !strings.Contains(p.turns[turn].raw, id) {
			continue
		}
		m, _ := p.read(turn)
		if slices.ContainsFunc(m.Parts, func(part pages.ChatPart) bool { return part.Kind == "tool_call" && part.ID == id }) {
			return turn
		}
	}
	return -1
}

// wholePart is one part of a message by itself, in parts of its own when it is long.
func wholePart(ctx context.Context, v url.Values, found *admin.LogView, link func(...string) string, at place) *pages.Chat {
	t := newTranscript(found, wholeTexts)
	if t == nil || at.turn >= len(t.turns) {
		return t.nothing()
	}
	m, _ := t.read(at.turn)
	if at.part >= len(m.Parts) {
		return t.nothing()
	}
	part := m.Parts[at.part]
	asked, _ := strconv.Atoi(v.Get("part")) // what is no number asks for the first
	piece := textParts(walk(part.Text, true), chatBytes, asked)
	part.Text, part.Name, part.ID = piece.text, ui.Beginning(part.Name, partBytes/10), ui.Beginning(part.ID, partBytes/10)
	m.Parts = []pages.ChatPart{part}
	chat := &pages.Chat{Messages: []pages.ChatMessage{m}, Alone: true, LastURL: link("tab", "chat", "from", strconv.Itoa(at.turn)) + "#parts"}
	chat.Pager = partPager(ctx, piece, func(n int) string {
		return link("tab", "chat", "whole", at.String(), "part", strconv.Itoa(n)) + "#parts"
	})
	return chat
}

func (t *transcript) nothing() *pages.Chat {
	if t == nil {
		return nil
	}
	return &pages.Chat{Problem: t.problem}
}

// maxPeeked is how many turns are read to find what was said last.
const maxPeeked = 200

// lastSaid is what was asked and answered last.
func lastSaid(found *admin.LogView) *pages.Chat {
	t := newTranscript(found, maxReadText)
	if t == nil {
		return nil
	}
	chat := &pages.Chat{}
	for turn := len(t.turns) - 1; turn >= max(0, len(t.turns)-maxPeeked); turn-- {
		m, said := t.read(turn)
		if !said {
			continue
		}
		for i := range m.Parts {
			m.Parts[i].Text, _ = readCuts(m.Parts[i].Text)
		}
		chat.Messages = slices.Insert(chat.Messages, 0, m)
		if m.Role == "user" && !m.Answer && slices.ContainsFunc(m.Parts, func(part pages.ChatPart) bool { return part.Kind == "text" }) {
			break
		}
	}
	return chat
}
