package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestG09_KeyIsGeneratedOnceAndNeverPrinted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, second := Config{DataDir: dir}, Config{DataDir: dir}
	if _, err := first.OpenDataDir(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.OpenDataDir(); err != nil {
		t.Fatal(err)
	}
	if len(first.EncryptionKey) != 32 || !bytes.Equal(first.EncryptionKey, second.EncryptionKey) {
		t.Errorf("keys of %d and %d bytes; want the same 32", len(first.EncryptionKey), len(second.EncryptionKey))
	}
	info, err := os.Stat(filepath.Join(dir, KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v; want mode 0600", info, err)
	}
	marshalled, _ := json.Marshal(first.EncryptionKey)
	for _, shown := range []string{
		fmt.Sprint(first.EncryptionKey), fmt.Sprintf("%+v %#v %x", first.EncryptionKey, first.EncryptionKey, first.EncryptionKey),
		string(marshalled), first.EncryptionKey.LogValue().String(),
	} {
		if strings.Trim(strings.ReplaceAll(shown, "2a2a2a", ""), `"* `) != "" {
			t.Errorf("the key prints as %q", shown)
		}
	}
}

func TestG09_DamagedKeyIsRefusedNotReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, KeyFile)
	if err := os.WriteFile(path, []byte("topsecret"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{DataDir: dir}
	_, err := c.OpenDataDir()
	if _, ok := errors.AsType[*Problem](err); !ok || strings.Contains(err.Error(), "topsecret") {
		t.Errorf("got %v, want a problem without the content", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "topsecret" {
		t.Error("the file was replaced")
	}
}

func TestKeyFileOfOthersIsWarnedAbout(t *testing.T) {
	c := Config{DataDir: t.TempDir()}
	if _, err := c.OpenDataDir(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.DataDir, KeyFile)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	again := Config{DataDir: c.DataDir}
	if warnings, err := again.OpenDataDir(); err != nil || len(warnings) != 1 {
		t.Errorf("warnings %v, %v", warnings, err)
	}
}

func TestKeyOfTheEnvironmentLeavesNoFile(t *testing.T) {
	c := Config{DataDir: t.TempDir(), EncryptionKey: make(Key, 32)}
	if _, err := c.OpenDataDir(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(c.DataDir); len(entries) != 0 {
		t.Errorf("left in the directory: %v", entries)
	}
}

func TestH14_UnusableDataDir(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		c := Config{DataDir: dir}
		if _, err := c.OpenDataDir(); err == nil || !strings.HasPrefix(err.Error(), "DATA_DIR: ") {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
