package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"charla/chat"
	"charla/notify/email"
	"charla/notify/ntfy"
)

// config is the configuration of a Charla process, read from flags and environment variables.
type config struct {
	addr            string
	data            string
	baseURL         *url.URL // nil if not set
	timezone        *time.Location
	rate            float64
	trustedProxies  []*net.IPNet
	securityContact string // a URI; empty if not set
	databaseURL     string
	natsURL         string
	email           *email.Sender // nil if e-mail is off
	ntfy            *ntfy.Client  // nil if push notifications are off
	s3URL           string
	metricsAddr     string
	tls             tlsConfig
	fileLimits      chat.FileLimits
}

// tlsConfig selects the TLS certificate: one from ACME for a domain, one from files, or none.
type tlsConfig struct{ domain, certFile, keyFile string }

func (c tlsConfig) enabled() bool { return c.domain != "" || c.certFile != "" }

// usesHTTPS reports whether users reach Charla over HTTPS. Either Charla itself or a proxy in front of it provides
// HTTPS.
func (c config) usesHTTPS() bool {
	return c.tls.enabled() || c.baseURL != nil && c.baseURL.Scheme == "https"
}

// validate returns an error if settings contradict each other. If a TLS domain is set and the base URL is not, validate
// sets the base URL to https:// and the domain.
func (c *config) validate() error {
	switch {
	case c.natsURL != "" && c.databaseURL == "":
		return errors.New("NATS_URL requires DATABASE_URL, because several nodes must share a PostgreSQL database")
	case (c.tls.certFile == "") != (c.tls.keyFile == ""):
		return errors.New("CHARLA_TLS_CERT and CHARLA_TLS_KEY require each other")
	case c.tls.certFile != "" && c.tls.domain != "":
		return errors.New("CHARLA_TLS_DOMAIN and CHARLA_TLS_CERT exclude each other")
	case c.tls.enabled() && c.baseURL != nil && c.baseURL.Scheme != "https":
		return errors.New("CHARLA_BASE_URL must begin with https:// because TLS is on")
	case c.tls.domain != "" && c.baseURL == nil:
		c.baseURL = &url.URL{Scheme: "https", Host: c.tls.domain}
	}
	switch {
	case c.email != nil && c.baseURL == nil:
		return errors.New("SMTP_URL requires CHARLA_BASE_URL, because e-mails contain links")
	case c.ntfy != nil && c.baseURL == nil:
		return errors.New("CHARLA_NTFY_URL requires CHARLA_BASE_URL, because push notifications contain links")
	}
	return nil
}

// loadConfig reads the configuration and the arguments of a command. Flags take precedence over environment variables,
// and environment variables over the defaults. If the arguments ask for help, it returns flag.ErrHelp. Every other
// error is one line.
func loadConfig(cmd command, args, environ []string) (c config, in invocation, err error) {
	values, err := readEnvironment(environ)
	if err != nil {
		return config{}, in, err
	}
	if in, err = cmd.parseArguments(args, values); err != nil {
		return config{}, in, err
	}
	for _, o := range options {
		v, given := values[o.env]
		if !given {
			v = o.defaultValue
		}
		if err := o.set(&c, v); err != nil {
			return config{}, in, fmt.Errorf("%s %w", o.env, err)
		}
	}
	return c, in, c.validate()
}

// readEnvironment returns the settings from the environment. An unknown variable that begins with CHARLA_ is an error,
// because it is probably misspelled. An empty variable counts as not set.
func readEnvironment(environ []string) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		known := slices.ContainsFunc(options, func(o option) bool { return o.env == name })
		if !known && strings.HasPrefix(name, "CHARLA_") {
			return nil, fmt.Errorf("%s is not a setting of Charla: see charla help", name)
		}
		if known && value != "" {
			values[name] = value
		}
	}
	return values, nil
}
