package reqlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"squirrel/models"
)

// shippable is a record on its way to the database.
type shippable struct {
	write   models.LogWrite
	written time.Time
	size    int64 // about what it takes in memory
}

// source reads the segments of one instance in order: this process's own, or those of one that is gone.
type source struct {
	home   *home
	spool  *Spool // nil for an instance that is gone
	dec    *decoder
	notice func(source *source, segment string, bad damage) // called for each stretch that can't be read

	reader  *segmentReader
	pos     position // behind the last record that was read
	done    position // behind the last record that was shipped
	saved   position // the checkpoint
	savedAt time.Time
	passed  []string        // segments that were read to their end and may go once what they held is shipped
	refused map[string]bool // segments of a newer version
}

func newSource(h *home, spool *Spool, dec *decoder) (*source, error) {
	pos, err := loadCheckpoint(h.dir)
	return &source{home: h, spool: spool, dec: dec, pos: pos, done: pos, saved: pos, refused: make(map[string]bool)}, err
}

// next returns the next record, or io.EOF when there is none at the moment.
func (s *source) next() (shippable, error) {
	for {
		if s.reader == nil {
			if err := s.open(); err != nil {
				return shippable{}, err
			}
		}
		limit, sealed, err := s.limit()
		if err != nil {
			return shippable{}, err
		}
		rec, bad, err := s.reader.next(limit)
		s.pos = position{s.reader.name, s.reader.off}
		switch {
		case errors.Is(err, io.EOF) && !sealed:
			return shippable{}, io.EOF
		case errors.Is(err, io.EOF):
			s.passed = append(s.passed, s.reader.name)
			s.closeReader()
		case err != nil:
			return shippable{}, err
		case bad.flaw != "":
			s.notice(s, s.reader.name, bad)
		default:
			item, err := s.decode(rec)
			if err == nil {
				return item, nil
			}
			s.notice(s, s.reader.name, damage{flawDamaged, rec.end - recordHeaderSize - int64(len(rec.payload)), rec.end})
		}
	}
}

func (s *source) decode(rec rawRecord) (shippable, error) {
	w, written, err := s.dec.decode(rec.kind, rec.payload)
	item := shippable{w, written, int64(len(rec.payload))}
	eachBlob(&w, func(_ uint64, b *[]byte) { item.size += int64(len(*b)) }) // they may have been compressed
	return item, err
}

// open goes to the segment of the checkpoint or, when that has been read or is gone, to the one after it.
func (s *source) open() error {
	names, _, err := listSegments(s.home.dir)
	if err != nil {
		return fmt.Errorf("list spool: %w", err)
	}
	for _, name := range names {
		if name < s.pos.segment || s.refused[name] || slices.Contains(s.passed, name) {
			continue
		}
		offset := int64(0)
		if name == s.pos.segment {
			offset = s.pos.offset
		}
		r, err := openSegment(s.home.dir, name, offset)
		switch {
		case errors.Is(err, errNewerSegment):
			s.refused[name] = true
			s.notice(s, name, damage{flaw: flawNewer})
			continue
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return err
		}
		s.reader, s.pos = r, position{name, r.off}
		return nil
	}
	return io.EOF
}

// limit tells how far the open segment may be read, and whether nothing will be added to it.
func (s *source) limit() (limit int64, sealed bool, err error) {
	if s.spool != nil {
		if p := s.spool.writer.committed(); p.segment == s.reader.name {
			return p.offset, false, nil
		}
	}
	info, err := s.reader.file.Stat()
	if err != nil {
		return 0, false, fmt.Errorf("size of segment: %w", err)
	}
	return info.Size(), true, nil
}

func (s *source) closeReader() {
	if s.reader != nil {
		_ = s.reader.close()
		s.reader = nil
	}
}

// drop deletes the segments that were read to their end. Everything in them must have been committed.
func (s *source) drop() {
	for _, name := range s.passed {
		path := filepath.Join(s.home.dir, name)
		info, err := os.Stat(path)
		if err == nil && os.Remove(path) == nil && s.spool != nil {
			s.spool.freed(info.Size())
		}
	}
	s.passed = nil
}

// stretch copies a part of a segment of the source, at most maxRecord bytes.
func (s *source) stretch(segment string, from, to int64) ([]byte, error) {
	f, err := os.Open(filepath.Join(s.home.dir, segment))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.NewSectionReader(f, from, min(to-from, maxRecord)))
}
