package body

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// prompts are requests of about one megabyte (chat: one kilobyte).
func prompts() map[string][]byte {
	english := `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat(`The quick brown fox jumps over the \"lazy\" dog, again.\n`, 18000) + `"}]}`
	chinese := `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("敏捷的棕色狐狸跳过了懒狗，", 27000) + `"}]}`
	image := `{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBORw0KGgoAAAANSUhEUgAA", 44000) + `"}}]}]}`
	turns := `{"model":"gpt-4o","messages":[` + strings.Repeat(`{"role":"user","content":"short","n":[1,2.5,true]},`, 20000) + `{}]}`
	chat := `{"model":"gpt-4o","stream":true,"temperature":0.7,"messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"` + strings.Repeat("What is up? ", 70) + `"}]}`
	return map[string][]byte{"english": []byte(english), "chinese": []byte(chinese), "image": []byte(image), "turns": []byte(turns), "chat": []byte(chat)}
}

func BenchmarkScan(b *testing.B) {
	for name, data := range prompts() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Scan(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/valid", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if !Valid(data) {
					b.Fatal("not valid")
				}
			}
		})
		b.Run(name+"/stdlib-valid", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if !json.Valid(data) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

func BenchmarkEdit(b *testing.B) {
	data := prompts()["english"]
	info, err := Scan(data)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		edit := info.Edit()
		edit.SetModel("gpt-4o-mini-2024-07-18")
		edit.IncludeUsage()
		if _, err := edit.Payload().Reader().WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
