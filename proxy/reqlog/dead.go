package reqlog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"squirrel/models"
)

const deadDir = "dead"

// deadLetters keeps what could not be shipped. A refused record becomes a segment of its own: moved back into the instance's
// directory, it is tried again at the next start.
type deadLetters struct {
	dir   string
	enc   *encoder
	last  string
	files atomic.Int64
}

// open counts what earlier lives left.
func (d *deadLetters) open(home string, enc *encoder) {
	d.dir, d.enc = filepath.Join(home, deadDir), enc
	if entries, err := os.ReadDir(d.dir); err == nil {
		d.files.Store(int64(len(entries)))
	}
}

func (d *deadLetters) record(w *models.LogWrite) (file string, err error) {
	rec, err := d.enc.encode(w, true)
	if err != nil {
		return "", err
	}
	defer rec.release()
	name, err := nextSegmentName(d.last)
	if err != nil {
		return "", err
	}
	rec.seal(keyOf(name))
	data := append(segmentHeader(w.Log.Instance), rec.buf...)
	for _, e := range rec.ext {
		data = append(data, e...)
	}
	d.last = name
	return name, d.save(name, data)
}

func (d *deadLetters) stretch(segment string, from int64, raw []byte) error {
	return d.save(fmt.Sprintf("%s.%d.damaged", strings.TrimSuffix(segment, segmentSuffix), from), raw)
}

func (d *deadLetters) save(name string, data []byte) error {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(d.dir, name)
	_, err := os.Stat(path)
	if err := writeFileAtomic(path, data); err != nil {
		return err
	}
	if os.IsNotExist(err) {
		d.files.Add(1)
	}
	return nil
}

// inherit takes over the dead letters of an instance that is gone.
func (d *deadLetters) inherit(home string) error {
	from := filepath.Join(home, deadDir)
	entries, err := os.ReadDir(from)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(d.dir, e.Name())); err != nil {
			return err
		}
		d.files.Add(1)
	}
	return os.Remove(from)
}

// sweep deletes the files that were last changed before a time. Dead letters hold bodies, which must not outlive their term.
func (d *deadLetters) sweep(before time.Time) (deleted int, err error) {
	entries, err := os.ReadDir(d.dir)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(filepath.Join(d.dir, e.Name())); err != nil {
			return deleted, err
		}
		deleted++
		d.files.Add(-1)
	}
	return deleted, nil
}
