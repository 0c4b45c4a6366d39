package tokens

import (
	"math"
	"strings"

	"github.com/tidwall/gjson"
)

// image is a picture in a request: where it is, and how closely the model shall look.
type image struct {
	detail string // low, high, auto, original; "" = auto
	data   string // base64; "" when it is somewhere else
}

// imageOf reads the image parts of the three protocols.
func imageOf(part gjson.Result) image {
	url := part.Get("image_url")
	img := image{detail: part.Get("detail").Str}
	if url.IsObject() {
		img.detail = url.Get("detail").Str
		url = url.Get("url")
	}
	img.data = dataOf(url.Str)
	if source := part.Get("source"); source.Get("type").Str == "base64" {
		img.data = source.Get("data").Str
	}
	return img
}

// dataOf returns the base64 text of a data URL, "" when it is none.
func dataOf(url string) string {
	head, data, found := strings.Cut(url, ",")
	if !found || !strings.HasPrefix(head, "data:") || !strings.HasSuffix(head, ";base64") {
		return ""
	}
	return data
}

// unknownSide is the side of the square an image is taken for when its size can't be read here.
const unknownSide = 1024

// image counts a picture by its size, which is read from its header; it is neither decoded nor fetched.
func (c *counter) image(img image) {
	w, h, known := imageSize(img.data)
	if !known {
		w, h = unknownSide, unknownSide
	}
	if !known && !(img.detail == "low" && c.rules.image.kind == byTiles) {
		c.exact = false
	}
	c.add(c.rules.image.tokens(w, h, img.detail))
}

type imageKind byte

const (
	byTiles imageKind = iota
	byPatches
	byArea
)

// imageRule is how a family bills pictures.
type imageRule struct {
	kind       imageKind
	base, tile int64   // byTiles: tokens of the overview, and of each tile
	percent    int64   // byPatches: tokens for 100 patches
	limit      int64   // byPatches: patches, byArea: tokens of one picture at most
	edge       float64 // byArea: the longer side at most, in pixels
}

func tiles(base, tile int64) imageRule { return imageRule{kind: byTiles, base: base, tile: tile} }
func patches(percent, limit int64) imageRule {
	return imageRule{kind: byPatches, percent: percent, limit: limit}
}
func area(edge float64, limit int64) imageRule {
	return imageRule{kind: byArea, edge: edge, limit: limit}
}

func (r imageRule) tokens(w, h int64, detail string) int64 {
	width, height := float64(w), float64(h)
	switch r.kind {
	case byPatches:
		if detail == "low" {
			width, height = fit(width, height, 512)
		}
		return (patchCount(width, height, r.limit)*r.percent + 99) / 100
	case byArea:
		width, height = fit(width, height, r.edge)
		return min(int64(math.Ceil(width*height/750)), r.limit)
	}
	if detail == "low" {
		return r.base
	}
	width, height = fit(width, height, 2048)
	if short := min(width, height); short > 768 {
		width, height = width*768/short, height*768/short
	}
	return r.base + r.tile*cover(width, 512)*cover(height, 512)
}

// fit scales a picture down until its longer side is at most edge.
func fit(w, h, edge float64) (float64, float64) {
	if long := max(w, h); long > edge {
		return w * edge / long, h * edge / long
	}
	return w, h
}

// cover is how many squares of a side cover a length. What scaling leaves beyond a pixel's fraction does not count.
func cover(length, side float64) int64 {
	return max(1, int64(math.Ceil(math.Round(length*1000)/1000/side)))
}

// patchCount is the number of 32 pixel squares that cover a picture, which is scaled down to at most limit of them.
func patchCount(w, h float64, limit int64) int64 {
	const side = 32
	if n := cover(w, side) * cover(h, side); n <= limit {
		return n
	}
	scale := math.Sqrt(side * side * float64(limit) / (w * h))
	columns, rows := w*scale/side, h*scale/side
	scale *= min(math.Floor(columns)/columns, math.Floor(rows)/rows)
	return min(limit, cover(w*scale, side)*cover(h*scale, side))
}
