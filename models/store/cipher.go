package store

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// sealVersion is the first byte of what is sealed, so that another scheme can follow.
const sealVersion = 1

// errSealed says nothing about the reason on purpose: wrong key, changed bytes and another row's value look the same.
var errSealed = errors.New("the sealed value can't be opened")

// Cipher seals secrets with AES-256-GCM. It is safe for concurrent use.
type Cipher struct{ aead cipher.AEAD }

// NewCipher makes a cipher from a key of 32 bytes.
func NewCipher(key []byte) (*Cipher, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the encryption key has %d bytes, not 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return &Cipher{aead}, nil
}

// Seal encrypts plain. The result opens only with the same aad, the additional data it is bound to: its table, row and column.
func (c *Cipher) Seal(plain, aad []byte) []byte {
	out := make([]byte, 1+c.aead.NonceSize(), 1+c.aead.NonceSize()+len(plain)+c.aead.Overhead())
	out[0] = sealVersion
	rand.Read(out[1:]) // never fails: crypto/rand ends the process instead
	return c.aead.Seal(out, out[1:], plain, aad)
}

// Open decrypts what Seal made with the same key and aad.
func (c *Cipher) Open(sealed, aad []byte) ([]byte, error) {
	head := 1 + c.aead.NonceSize()
	if len(sealed) < head || sealed[0] != sealVersion {
		return nil, errSealed
	}
	plain, err := c.aead.Open(nil, sealed[1:head], sealed[head:], aad)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

var (
	checkText = []byte("squirrel")
	checkAAD  = []byte("config_state/1/cipher_check")
)

// checkCipher makes sure that the key is the one of this database: with another one, every provider would be broken and every
// key that is then entered unreadable for those who have the right one.
func (s *Store) checkCipher(ctx context.Context) error {
	if s.cipher == nil {
		return errors.New("open the database: no cipher was given")
	}
	sealed, err := s.storedCheck(ctx)
	if err == nil && sealed == nil {
		err = s.inWrite(ctx, func(tx *Store) error {
			fresh := s.cipher.Seal(checkText, checkAAD)
			return tx.tx.db.WithContext(ctx).Exec("UPDATE config_state SET cipher_check = ? WHERE id = 1 AND cipher_check IS NULL", fresh).Error
		})
		if err == nil {
			sealed, err = s.storedCheck(ctx) // another replica may have been first, with another key
		}
	}
	if err != nil {
		return fail("check the encryption key", err)
	}
	if plain, err := s.cipher.Open(sealed, checkAAD); err != nil || !bytes.Equal(plain, checkText) {
		return ErrWrongKey
	}
	return nil
}

func (s *Store) storedCheck(ctx context.Context) (sealed []byte, err error) {
	err = s.read(ctx).Raw("SELECT cipher_check FROM config_state WHERE id = 1").Row().Scan(&sealed)
	return sealed, err
}
