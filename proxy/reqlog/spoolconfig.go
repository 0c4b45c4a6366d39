package reqlog

import (
	"log/slog"
	"time"
)

const (
	defaultMaxBytes     = 2 << 30
	defaultSegmentBytes = 64 << 20
	defaultFsync        = 50 * time.Millisecond
	defaultMinFree      = 512 << 20
	defaultBallast      = 64 << 20
	defaultReserve      = 8 << 20
	minSegmentBytes     = 64 << 10
)

// setDefaults fills what does not depend on the disk.
func (c *SpoolConfig) setDefaults() {
	if c.FileSystem == nil {
		c.FileSystem = osFileSystem{}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.FsyncInterval == 0 {
		c.FsyncInterval = defaultFsync
	}
	if c.ReserveBytes == 0 {
		c.ReserveBytes = defaultReserve
	}
}

// fitDisk fills the sizes that follow from the disk below dir, where used bytes of spool lie already.
func (c *SpoolConfig) fitDisk(dir string, used int64) {
	free, total, err := c.FileSystem.Free(dir)
	known := err == nil
	fit := func(size *int64, standard, available int64) {
		if *size != 0 {
			return
		}
		if *size = standard; known {
			*size = min(standard, available)
		}
	}
	fit(&c.MaxBytes, defaultMaxBytes, (free+used)/5)
	fit(&c.MinFreeBytes, defaultMinFree, total/10)
	fit(&c.BallastBytes, defaultBallast, free/20)
	fit(&c.SegmentBytes, defaultSegmentBytes, max(c.MaxBytes/16, minSegmentBytes))
	c.SegmentBytes = min(c.SegmentBytes, max(c.MaxBytes/16, minSegmentBytes))
}
