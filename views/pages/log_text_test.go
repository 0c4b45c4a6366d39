package pages

import (
	"testing"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

func TestAttemptThen(t *testing.T) {
	for _, c := range []struct {
		recorded string
		last     bool
		en, zh   string
	}{
		{"", true, "", ""},
		{"same provider again after server_error", false, "Then: the same provider again, because of a failure of the provider", "随后：因供应商出错，重试同一供应商"},
		{"next provider after rate_limited", false, "Then: the next provider, because of the provider's rate limit", "随后：因供应商限流，改用下一个供应商"},
		{"next provider after first_byte_timeout", true, "Because of an answer that did not begin in time another provider would have been next, but none was left to call",
			"因回答未按时开始，本会改用其他供应商，但已没有可调用的供应商"},
		{"same provider again after connect_failed", true, "Because of a connection that could not be made the same provider would have been tried again, but the request ended before",
			"因无法建立连接，本会重试同一供应商，但请求已先结束"},
		{"next provider after something_new", false, "Then: the next provider, because of something_new", "随后：因something_new，改用下一个供应商"},
		{"written by another version", true, "written by another version", "written by another version"},
	} {
		a := LogAttempt{Attempt: models.Attempt{RetryReason: c.recorded}}
		for lang, want := range map[i18n.Lang]string{i18n.English: c.en, i18n.Chinese: c.zh} {
			if got := attemptThen(i18n.With(t.Context(), i18n.Viewer{Lang: lang}), a, c.last); got != want {
				t.Errorf("%q: %q, want %q", c.recorded, got, want)
			}
		}
	}
}

func TestAttemptOutcome(t *testing.T) {
	ctx := i18n.With(t.Context(), i18n.Viewer{Lang: i18n.English})
	for _, c := range []struct {
		a    LogAttempt
		want string
		tone ui.Tone
	}{
		{LogAttempt{Attempt: models.Attempt{Status: new(429), ErrorKind: "status", Error: "x"}}, "429 refused", ui.Err},
		{LogAttempt{Attempt: models.Attempt{Status: new(503), ErrorKind: "status", Error: "x"}}, "503 failed", ui.Err},
		{LogAttempt{Attempt: models.Attempt{Status: new(200), ErrorKind: "bad_response", Error: "x"}}, "200 unreadable answer", ui.Err},
		{LogAttempt{Attempt: models.Attempt{ErrorKind: "timeout", Error: "x"}}, "no answer in time", ui.Err},
		{LogAttempt{Attempt: models.Attempt{ErrorKind: "of_tomorrow", Error: "x"}}, "of_tomorrow", ui.Err},
		{LogAttempt{Attempt: models.Attempt{Status: new(200), TotalMS: new(1.0)}, Broken: true}, "200 broken off", ui.Err},
		{LogAttempt{Attempt: models.Attempt{Status: new(200), TotalMS: new(1.0)}, Broken: true, Left: true}, "200 client left", ui.Neutral},
		{LogAttempt{Attempt: models.Attempt{Status: new(200), TotalMS: new(1.0)}}, "200", ui.OK},
		{LogAttempt{}, "running", ui.Info},
	} {
		if got := attemptOutcome(ctx, c.a); got != c.want || attemptTone(c.a) != c.tone {
			t.Errorf("%+v: %q in %v, want %q in %v", c.a.Attempt, got, attemptTone(c.a), c.want, c.tone)
		}
	}
}

func TestCutNotes(t *testing.T) {
	p := Log{Cut: []BodyCut{{Name: "request_body", Size: 2048}, {Name: "stream_events", Size: 2048}}}
	for lang, want := range map[i18n.Lang][2]string{
		i18n.English: {"The middle of “Request of the client” was not recorded: it has 2.0 KiB.", "Not all events of the stream were recorded: they have 2.0 KiB."},
		i18n.Chinese: {"“客户端请求”的中间部分未记录：共 2.0 KiB。", "流的事件未全部记录：共 2.0 KiB。"},
	} {
		notes := logNotes(i18n.With(t.Context(), i18n.Viewer{Lang: lang}), p)
		if len(notes) != 2 || notes[0].Text != want[0] || notes[1].Text != want[1] {
			t.Errorf("%s: %+v", lang, notes)
		}
	}
}

func TestUnknownCost(t *testing.T) {
	ctx := i18n.With(t.Context(), i18n.Viewer{Lang: i18n.English})
	for want, l := range map[string]models.RequestLog{
		"No provider was called, so nothing was charged.":                                                 {},
		"The cost is unknown: the gateway ended before it was counted. The provider may have charged it.": {ErrorCode: "interrupted"},
		"The cost is unknown: the provider did not tell how many tokens it used.":                         {AttemptCount: 1},
		"The cost is unknown: there is no price for gpt-9.":                                               {AttemptCount: 1, InputTokens: new(int64(3)), TargetModel: "gpt-9"},
	} {
		if got := unknownCost(ctx, l); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
