package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the name of the generated key in DATA_DIR.
const KeyFile = "secret.key"

// OpenDataDir makes sure that DATA_DIR is there and writable and that there is an encryption key: the one of the
// environment, else the one of an earlier start, else a new one. Its errors are *Problem, fit for exit status 78.
func (c *Config) OpenDataDir() ([]Warning, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, &Problem{"DATA_DIR", fmt.Sprintf("%q can't be created: %s", c.DataDir, cause(err))}
	}
	if err := checkWritable(c.DataDir); err != nil {
		return nil, &Problem{"DATA_DIR", fmt.Sprintf("%q can't be written: %s", c.DataDir, cause(err))}
	}
	if len(c.EncryptionKey) == keySize {
		return nil, nil
	}
	path := filepath.Join(c.DataDir, KeyFile)
	if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, &Problem{"ENCRYPTION_KEY", fmt.Sprintf("%q can't be written: %s", path, cause(err))}
	}
	key, err := readKey(path)
	if err != nil {
		return nil, err
	}
	c.EncryptionKey = key
	return checkKeyMode(path), nil
}

func checkWritable(dir string) error {
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// createKey makes the file only if there is none: a key that is replaced makes every stored secret unreadable.
func createKey(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	key := make([]byte, keySize)
	rand.Read(key) // never fails: crypto/rand ends the process instead
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func readKey(path string) (Key, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &Problem{"ENCRYPTION_KEY", fmt.Sprintf("%q can't be read: %s", path, cause(err))}
	}
	key, err := parseKey(string(data))
	if err != nil {
		return nil, &Problem{"ENCRYPTION_KEY", fmt.Sprintf("%q is damaged: it %s", path, err)}
	}
	return key, nil
}

func checkKeyMode(path string) []Warning {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return []Warning{{"ENCRYPTION_KEY", fmt.Sprintf("%q can be read by other users (mode %04o); run chmod 600", path, info.Mode().Perm())}}
}

// cause is the innermost reason, without the path that the message names anyway.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
