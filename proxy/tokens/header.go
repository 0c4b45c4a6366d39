package tokens

import (
	"encoding/base64"
	"encoding/binary"
)

// headerReader reads bytes at any place of base64 data without decoding the rest.
type headerReader string

// at returns n bytes from an offset, nil when there are not as many or they are not base64.
func (r headerReader) at(offset, n int) []byte {
	first := offset / 3 * 4
	last := min(len(r), (offset+n+2)/3*4)
	if offset < 0 || first >= last {
		return nil
	}
	chars := r[first:last]
	buf := make([]byte, base64.RawStdEncoding.DecodedLen(len(chars)))
	for len(chars) > 0 && chars[len(chars)-1] == '=' {
		chars = chars[:len(chars)-1]
	}
	got, err := base64.RawStdEncoding.Decode(buf, []byte(chars))
	skip := offset - offset/3*3
	if err != nil || got < skip+n {
		return nil
	}
	return buf[skip : skip+n]
}

// imageSize reads the width and height of a PNG, JPEG, GIF or WebP picture from its header.
func imageSize(data string) (w, h int64, known bool) {
	r := headerReader(data)
	head := r.at(0, 10)
	switch {
	case head == nil:
	case string(head[:8]) == "\x89PNG\r\n\x1a\n":
		if b := r.at(16, 8); b != nil {
			w, h = int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
		}
	case string(head[:4]) == "GIF8":
		w, h = little16(head[6:]), little16(head[8:])
	case string(head[:4]) == "RIFF":
		w, h = webpSize(r)
	case head[0] == 0xFF && head[1] == 0xD8:
		w, h = jpegSize(r)
	}
	return w, h, w > 0 && h > 0
}

func little16(b []byte) int64 { return int64(binary.LittleEndian.Uint16(b)) }

// webpSize reads the first chunk (https://developers.google.com/speed/webp/docs/riff_container).
func webpSize(r headerReader) (w, h int64) {
	b := r.at(8, 22)
	if b == nil || string(b[:4]) != "WEBP" {
		return 0, 0
	}
	switch string(b[4:8]) {
	case "VP8 ":
		return little16(b[18:]) & 0x3FFF, little16(b[20:]) & 0x3FFF
	case "VP8L":
		bits := int64(binary.LittleEndian.Uint32(b[13:]))
		return bits&0x3FFF + 1, bits>>14&0x3FFF + 1
	case "VP8X":
		return (little16(b[16:]) | int64(b[18])<<16) + 1, (little16(b[19:]) | int64(b[21])<<16) + 1
	}
	return 0, 0
}

// maxJPEGSegments bounds the walk to the frame header; cameras write a dozen segments before it.
const maxJPEGSegments = 256

// jpegSize walks the segments up to the frame header (ITU T.81, B.1 and B.2.2).
func jpegSize(r headerReader) (w, h int64) {
	offset := 2
	for range maxJPEGSegments {
		b := r.at(offset, 9)
		if b == nil || b[0] != 0xFF {
			return 0, 0
		}
		switch marker := b[1]; {
		case marker == 0xFF: // padding
			offset++
			continue
		case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
			return int64(binary.BigEndian.Uint16(b[7:])), int64(binary.BigEndian.Uint16(b[5:]))
		case marker == 0xDA || marker == 0xD9: // the picture itself: too late
			return 0, 0
		}
		offset += 2 + int(binary.BigEndian.Uint16(b[2:]))
	}
	return 0, 0
}

// audioSeconds estimates how long a recording is: by the byte rate in the header of a WAV file, by the bit rate of the
// first frame of an MP3 file, else at 128 kbit/s.
func audioSeconds(data string) float64 {
	size := float64(len(data)) * 3 / 4
	r := headerReader(data)
	if b := r.at(0, 32); b != nil && string(b[:4]) == "RIFF" && string(b[8:12]) == "WAVE" {
		if rate := binary.LittleEndian.Uint32(b[28:]); rate > 0 {
			return max(0, size-44) / float64(rate)
		}
	}
	return size * 8 / float64(mp3BitRate(r))
}

// layer3 holds the bit rates of MPEG-1 layer III in kbit/s by their index in the frame header (ISO 11172-3, 2.4.2.3).
var layer3 = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}

func mp3BitRate(r headerReader) int {
	const usual = 128_000
	b := r.at(0, 4)
	if b != nil && b[0] == 0xFF && b[1]&0xFE == 0xFA {
		if rate := layer3[b[2]>>4] * 1000; rate > 0 {
			return rate
		}
	}
	return usual
}
