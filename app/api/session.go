package api

import (
	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
)

type loginBody struct {
	Username admin.Opt[string] `json:"username"`
	Password admin.Opt[string] `json:"password"`
}

type loginAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
}

// login answers with a token and sets it as a cookie too. A login form on another site can't log anyone in.
func (a *API) login(c *fiber.Ctx) error {
	if err := a.auth.CheckOrigin(auth.FromFiber(c)); err != nil {
		return err
	}
	var body loginBody
	if err := decode(c, &body); err != nil {
		return err
	}
	login, err := a.auth.Login(c.UserContext(), body.Username.Value, body.Password.Value, a.auth.ClientOf(c))
	if err != nil {
		return err
	}
	a.auth.SetCookie(c, login)
	return c.JSON(loginAnswer{login.Token.Reveal(), "bearer", int(login.TTL.Seconds())})
}

func (a *API) logout(c *fiber.Ctx) error {
	if err := a.auth.Logout(c.UserContext(), auth.FromFiber(c)); err != nil {
		return err
	}
	a.auth.ClearCookie(c)
	return c.SendStatus(fiber.StatusNoContent)
}

func (a *API) status(c *fiber.Ctx) error {
	return answer[auth.Status](c, fiber.StatusOK)(a.auth.Status(c.UserContext(), auth.FromFiber(c)))
}
