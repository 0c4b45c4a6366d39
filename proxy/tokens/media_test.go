package tokens

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	stdimage "image"

	"squirrel/models"
)

func picture(w, h int) stdimage.Image { return stdimage.NewGray(stdimage.Rect(0, 0, w, h)) }

func encode64(write func(*bytes.Buffer) error) string {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func pngOf(w, h int) string {
	return encode64(func(b *bytes.Buffer) error { return png.Encode(b, picture(w, h)) })
}

// webp writes the beginning of a WebP file with one chunk.
func webp(kind string, payload ...byte) string {
	head := append([]byte("RIFF\x00\x00\x00\x00WEBP"+kind), 0, 0, 0, 0)
	return base64.StdEncoding.EncodeToString(append(append(head, payload...), make([]byte, 12)...))
}

func TestImageSize(t *testing.T) {
	jpegOf := func(w, h int) []byte {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, picture(w, h), nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	plain := jpegOf(640, 481)
	exif := append([]byte{0xFF, 0xE1, 0xFF, 0xFF}, make([]byte, 65533)...)
	withExif := append(append([]byte{0xFF, 0xD8}, exif...), append([]byte{0xFF}, plain[2:]...)...)
	for name, tc := range map[string]struct {
		data string
		w, h int64
	}{
		"png":                 {pngOf(300, 200), 300, 200},
		"gif":                 {encode64(func(b *bytes.Buffer) error { return gif.Encode(b, picture(31, 7), nil) }), 31, 7},
		"jpeg":                {base64.StdEncoding.EncodeToString(plain), 640, 481},
		"jpeg after 64 KB":    {base64.StdEncoding.EncodeToString(withExif), 640, 481},
		"webp, lossy":         {webp("VP8 ", 0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01), 640, 480},
		"webp, lossless":      {webp("VP8L", 0x2f, 0x7f, 0xc2, 0x77, 0x00), 640, 480},
		"webp, extended":      {webp("VP8X", 0, 0, 0, 0, 0x7f, 0x02, 0x00, 0xdf, 0x01, 0x00), 640, 480},
		"unpadded png":        {pngOf(300, 200)[:45], 300, 200},
		"png cut short":       {pngOf(300, 200)[:24], 0, 0},
		"not base64":          {"!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", 0, 0},
		"empty":               {"", 0, 0},
		"text":                {base64.StdEncoding.EncodeToString([]byte("just some text, and more of it")), 0, 0},
		"unknown webp chunk":  {webp("ABCD"), 0, 0},
		"jpeg without frame":  {base64.StdEncoding.EncodeToString(append([]byte{0xFF, 0xD8, 0xFF, 0xDA}, make([]byte, 20)...)), 0, 0},
		"jpeg, endless walk":  {base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xFF, 0xE0, 0, 2}, 10_000)), 0, 0},
		"jpeg, broken marker": {base64.StdEncoding.EncodeToString(append([]byte{0xFF, 0xD8, 0x12}, make([]byte, 20)...)), 0, 0},
	} {
		w, h, known := imageSize(tc.data)
		if w != tc.w || h != tc.h || known != (tc.w > 0) {
			t.Errorf("%s: %d × %d, %v; want %d × %d", name, w, h, known, tc.w, tc.h)
		}
	}
}

func TestHeaderReader_ReadsWhatDecodingReads(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		raw := make([]byte, rng.IntN(40))
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		offset, n := rng.IntN(45), 1+rng.IntN(10)
		got := headerReader(base64.StdEncoding.EncodeToString(raw)).at(offset, n)
		if offset+n <= len(raw) {
			if !bytes.Equal(got, raw[offset:offset+n]) {
				t.Fatalf("%x at %d, %d: %x", raw, offset, n, got)
			}
		} else if got != nil {
			t.Fatalf("%x at %d, %d: %x from beyond the end", raw, offset, n, got)
		}
	}
}

// TestImageTokens_PublishedExamples holds the examples of https://platform.openai.com/docs/guides/images-vision and
// https://platform.claude.com/docs/en/build-with-claude/vision.
func TestImageTokens_PublishedExamples(t *testing.T) {
	for _, tc := range []struct {
		model  string
		w, h   int64
		detail string
		want   int64
	}{
		{"gpt-4o", 1024, 1024, "high", 765},
		{"gpt-4o", 2048, 4096, "high", 1105},
		{"gpt-4o", 4096, 8192, "low", 85},
		{"gpt-4.1", 1024, 1024, "auto", 765},
		{"gpt-4o", 128, 64, "high", 255},
		{"gpt-4o-mini", 128, 64, "high", 8500},
		{"gpt-4o-mini", 128, 64, "low", 2833},
		{"o1", 1024, 1024, "high", 675},
		{"gpt-5", 1024, 1024, "high", 630},
		{"gpt-4.1-mini", 1024, 1024, "", 1659},  // 1024 patches × 1.62
		{"gpt-4.1-mini", 1800, 2400, "", 2353},  // 1452 patches × 1.62
		{"gpt-4.1-nano", 1800, 2400, "", 3572},  // 1452 patches × 2.46
		{"o4-mini", 1024, 1024, "high", 1762},   // 1024 patches × 1.72
		{"gpt-5.5", 1024, 1024, "auto", 1229},   // 1024 patches × 1.2
		{"gpt-4.1-mini", 4000, 10, "high", 203}, // 125 patches × 1.62
		{"claude-sonnet-4-5", 200, 200, "", 54},
		{"claude-sonnet-4-5", 1000, 1000, "", 1334},
		{"claude-sonnet-4-5", 1092, 1092, "", 1590},
		{"claude-sonnet-4-5", 4000, 4000, "", 1600},
		{"claude-opus-4-8", 4000, 4000, "", 4784},
	} {
		if got := rulesOf(tc.model).image.tokens(tc.w, tc.h, tc.detail); got != tc.want {
			t.Errorf("%s, %d × %d, %q: %d, want %d", tc.model, tc.w, tc.h, tc.detail, got, tc.want)
		}
	}
}

func TestImageTokens_AreBounded(t *testing.T) {
	for _, model := range []string{"gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5.4", "claude-3-opus", "claude-opus-5", "gemini-2.5-pro"} {
		rule := rulesOf(model).image
		most := max(rule.base+rule.tile*8, rule.limit*rule.percent/100+1, rule.limit)
		for _, side := range [][2]int64{{1, 1}, {1, 1 << 31}, {1 << 31, 1}, {1 << 31, 1 << 31}, {33, 1 << 20}, {4032, 3024}} {
			for _, detail := range []string{"low", "high", "auto", "original", "?"} {
				if n := rule.tokens(side[0], side[1], detail); n < 1 || n > most {
					t.Errorf("%s, %v, %s: %d tokens, expected at most %d", model, side, detail, n, most)
				}
			}
		}
	}
}

func TestCountRequest_Media(t *testing.T) {
	square := pngOf(1024, 1024)
	wav := make([]byte, 44+32_000) // two seconds at 16,000 bytes a second
	copy(wav, "RIFF\x00\x00\x00\x00WAVEfmt ")
	binary.LittleEndian.PutUint32(wav[28:], 16_000)
	mp3 := append([]byte{0xFF, 0xFB, 0x90, 0x00}, make([]byte, 31_996)...) // 128 kbit/s
	encoded := base64.StdEncoding.EncodeToString
	const overhead = 7
	for _, tc := range []struct {
		name, part string
		want       int64
		exact      bool
	}{
		{"chat image", `{"type":"image_url","image_url":{"url":"data:image/png;base64,` + square + `"}}`, 765, true},
		{"chat image, low", `{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}}`, 85, true},
		{"chat image elsewhere", `{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}`, 765, false},
		{"responses image", `{"type":"input_image","detail":"high","image_url":"data:image/png;base64,` + square + `"}`, 765, true},
		{"responses image by id", `{"type":"input_image","file_id":"file_1"}`, 765, false},
		{"anthropic image", `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + square + `"}}`, 765, true},
		{"anthropic image elsewhere", `{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}`, 765, false},
		{"wav", `{"type":"input_audio","input_audio":{"format":"wav","data":"` + encoded(wav) + `"}}`, 21, false},
		{"mp3", `{"type":"input_audio","input_audio":{"format":"mp3","data":"` + encoded(mp3) + `"}}`, 21, false},
		{"pdf", `{"type":"file","file":{"file_data":"data:application/pdf;base64,` + encoded(make([]byte, 60_000)) + `"}}`, 2000, false},
		{"pdf of the responses API", `{"type":"input_file","file_data":"data:application/pdf;base64,` + encoded(make([]byte, 60_000)) + `"}`, 2000, false},
		{"pdf of anthropic", `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"` + encoded(make([]byte, 60_000)) + `"}}`, 2000, false},
		{"text file", `{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"` + encoded(make([]byte, 4000)) + `"}}`, 1000, false},
		{"file elsewhere", `{"type":"file","file":{"file_id":"f"}}`, unknownFile, false},
		{"document elsewhere", `{"type":"document","source":{"type":"file","file_id":"f"}}`, unknownFile, false},
		{"unknown data", `{"type":"video","video":{"url":"data:video/mp4;base64,` + encoded(make([]byte, 60_000)) + `"}}`, 2001, false},
		{"redacted thinking", `{"type":"redacted_thinking","data":"` + encoded(make([]byte, 3000)) + `"}`, 400, false},
	} {
		body := fmt.Sprintf(`{"messages":[{"role":"user","content":[%s]}]}`, tc.part)
		n, exact := CountRequest(t.Context(), models.EndpointChat, models.ProtocolOpenAI, []byte(body), "gpt-4o")
		if n != tc.want+overhead || exact != tc.exact {
			t.Errorf("%s: %d, %v; want %d, %v", tc.name, n, exact, tc.want+overhead, tc.exact)
		}
	}
}

func FuzzImageSize(f *testing.F) {
	for _, seed := range []string{pngOf(3, 4), webp("VP8X", 1, 2, 3), "/9j/4AAQ", "R0lGODlhAQABAAAAACw="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		w, h, known := imageSize(data)
		if w < 0 || h < 0 || known != (w > 0 && h > 0) || audioSeconds(data) < 0 {
			t.Fatalf("%d × %d, %v", w, h, known)
		}
	})
}
