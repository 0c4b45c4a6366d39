package api

import (
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

func (a *API) listLogs(c *fiber.Ctx) error {
	v, err := query(c)
	if err != nil {
		return err
	}
	q, err := admin.ParseLogQuery(v, a.admin.Now())
	if err != nil {
		return err
	}
	return answer[models.LogList](c, fiber.StatusOK)(a.admin.Logs(c.UserContext(), q))
}

// logID accepts only what our ids are made of; the rest of the path is no log.
func logID(c *fiber.Ctx) (string, error) {
	id, err := url.PathUnescape(c.Params("id"))
	if err != nil || len(id) != ulidLength {
		return "", models.Errorf(models.CodeNotFound, "there is no such request")
	}
	return id, nil
}

const ulidLength = 26

func (a *API) getLog(c *fiber.Ctx) error {
	id, err := logID(c)
	if err != nil {
		return err
	}
	return answer[admin.LogView](c, fiber.StatusOK)(a.admin.Log(c.UserContext(), id))
}

func (a *API) logStats(c *fiber.Ctx) error {
	v, err := query(c)
	if err != nil {
		return err
	}
	q, err := admin.ParseStatsQuery(v, a.admin.Now(), a.admin.Zone())
	if err != nil {
		return err
	}
	return answer[models.Stats](c, fiber.StatusOK)(a.admin.Stats(c.UserContext(), q))
}

func (a *API) cleanLogs(c *fiber.Ctx) error {
	var in admin.Cleanup
	if err := decodeOptional(c, &in); err != nil {
		return err
	}
	return answer[admin.CleanupResult](c, fiber.StatusOK)(a.admin.CleanLogs(c.UserContext(), in))
}

// cancelling answers that another gateway, which runs the request, was asked to cancel it.
type cancelling struct {
	State string `json:"state"`
}

func (a *API) cancelLog(c *fiber.Ctx) error {
	id, err := logID(c)
	if err != nil {
		return err
	}
	asked, err := a.admin.Cancel(c.UserContext(), id)
	if asked {
		return c.Status(fiber.StatusAccepted).JSON(cancelling{State: "asked"})
	}
	return noContent(c, err)
}

type replayed struct {
	ID string `json:"id"` // of the new record
}

func (a *API) replayLog(c *fiber.Ctx) error {
	id, err := logID(c)
	if err != nil {
		return err
	}
	var in admin.Replay
	if err := decodeOptional(c, &in); err != nil {
		return err
	}
	replay, err := a.admin.Replay(c.UserContext(), id, in)
	return answer[replayed](c, fiber.StatusAccepted)(replayed{replay}, err)
}

// storage is what the records take. Counts are estimates on PostgreSQL.
type storage struct {
	DatabaseBytes int64       `json:"database_bytes"`
	FreeBytes     int64       `json:"free_bytes"`
	GrowthBytes   *int64      `json:"growth_bytes_per_day"`
	Logs          int64       `json:"logs"`
	Details       int64       `json:"details"`
	OldestLog     *time.Time  `json:"oldest_log"`
	RetentionDays int         `json:"retention_days"`
	Jobs          []admin.Job `json:"jobs"`
}

func (a *API) storage(c *fiber.Ctx) error {
	found, err := a.admin.Storage(c.UserContext())
	return answer[storage](c, fiber.StatusOK)(storage{
		found.DatabaseBytes, found.FreeBytes, found.Growth, found.Logs, found.Details, found.OldestLog, found.RetentionDays, found.Jobs,
	}, err)
}
