package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"charla/chat"
	"charla/notify/email"
	"charla/notify/ntfy"
	"charla/storage"
)

// config is what the operator decides.
type config struct {
	addr           string
	data           string
	baseURL        *url.URL
	timezone       *time.Location
	rate           float64
	trustedProxies []*net.IPNet
	databaseURL    string
	natsURL        string
	email          *email.Sender // nil: no mail
	ntfy           *ntfy.Client  // nil: no pushes
	s3URL          string
	metricsAddr    string
	tls            tlsConfig
	fileLimits     chat.FileLimits
}

// tlsConfig is how TLS ends here: by certificates fetched for a domain, by one of one's own, or not at all.
type tlsConfig struct{ domain, certFile, keyFile string }

func (c tlsConfig) enabled() bool { return c.domain != "" || c.certFile != "" }

// usesHTTPS tells whether people reach Charla over TLS, here or at a proxy.
func (c config) usesHTTPS() bool {
	return c.tls.enabled() || c.baseURL != nil && c.baseURL.Scheme == "https"
}

// option is one setting: an environment variable and a flag of the same name.
type option struct {
	env, defaultValue, help string
	set                     func(c *config, value string) error
}

// flagName is the name on the command line: CHARLA_BASE_URL is --base-url.
func (o option) flagName() string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(o.env, "CHARLA_"), "_", "-"))
}

var options = []option{
	{"CHARLA_ADDR", "127.0.0.1:8080", "where to listen, host:port", setAddr},
	{"CHARLA_DATA", "./data", "the directory of the SQLite database, of files and of fetched certificates", func(c *config, v string) error { c.data = v; return nil }},
	{"CHARLA_BASE_URL", "", "how people reach Charla, such as https://chat.example.org; https means that a proxy in front ends TLS and speaks HTTP/2", setBaseURL},
	{"CHARLA_TIMEZONE", "Local", "the zone in which days begin, such as Europe/Madrid", setTimezone},
	{"CHARLA_RATE", "1", "scales all rate limits; 0 switches them off", setRate},
	{"CHARLA_TRUSTED_PROXIES", "", "addresses or networks whose X-Forwarded-For is believed, separated by commas", setTrustedProxies},
	{"DATABASE_URL", "", "postgres://… for PostgreSQL; SQLite when empty", setDatabaseURL},
	{"NATS_URL", "", "nats://… of the servers that tell nodes with one DATABASE_URL of each other, separated by commas", setNATSURL},
	{"SMTP_URL", "", "smtp://user:password@host:587?from=Charla%20<charla@example.org> to send letters; smtps:// for TLS from the first byte", setSMTPURL},
	{"CHARLA_NTFY_URL", "", "a server that speaks the protocol of ntfy, such as https://ntfy.example.org, to send pushes", setNtfyURL},
	{"S3_URL", "", "https://KEY:SECRET@host/bucket?region=… to keep files in storage that speaks S3; in CHARLA_DATA when empty", setS3URL},
	{"CHARLA_METRICS_ADDR", "", "where to show numbers to Prometheus at /metrics, host:port; nobody is asked who they are", setMetricsAddr},
	{"CHARLA_FILE_SIZE", fmt.Sprint(chat.DefaultFileLimits.FileBytes >> 20), "MB that a file may have", intOption(1, 10_000, func(c *config, n int64) { c.fileLimits.FileBytes = n << 20 })},
	{"CHARLA_FILES", fmt.Sprint(chat.DefaultFileLimits.FilesPerMessage), "files that a message may have", intOption(1, 100, func(c *config, n int64) { c.fileLimits.FilesPerMessage = int(n) })},
	{"CHARLA_QUOTA", fmt.Sprint(chat.DefaultFileLimits.QuotaBytes >> 20), "MB that all files of a person may have; 0 means no limit", intOption(0, 1_000_000_000, func(c *config, n int64) { c.fileLimits.QuotaBytes = n << 20 })},
	{"CHARLA_TLS_DOMAIN", "", "end TLS and HTTP/2 here, with certificates of Let's Encrypt for this domain, kept in CHARLA_DATA; listen on port 443", setTLSDomain},
	{"CHARLA_TLS_CERT", "", "end TLS and HTTP/2 here, with the certificate in this file", func(c *config, v string) error { c.tls.certFile = v; return nil }},
	{"CHARLA_TLS_KEY", "", "the file of its key", func(c *config, v string) error { c.tls.keyFile = v; return nil }},
}

func setAddr(c *config, v string) error {
	c.addr = v
	return checkAddr(v)
}

func setMetricsAddr(c *config, v string) error {
	if c.metricsAddr = v; v == "" {
		return nil
	}
	return checkAddr(v)
}

func checkAddr(v string) error {
	_, port, err := net.SplitHostPort(v)
	if _, numErr := strconv.ParseUint(port, 10, 16); err != nil || numErr != nil {
		return errors.New("must be host:port, with a port from 0 to 65535")
	}
	return nil
}

func setBaseURL(c *config, v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be http:// or https:// and a host, and nothing else")
	}
	c.baseURL = u
	return nil
}

func setTimezone(c *config, v string) (err error) {
	if c.timezone, err = time.LoadLocation(v); err != nil {
		return errors.New("is no zone that this machine knows")
	}
	return nil
}

func setRate(c *config, v string) (err error) {
	if c.rate, err = strconv.ParseFloat(v, 64); err != nil || !(c.rate >= 0 && c.rate <= 1e6) {
		return errors.New("must be a number from 0 to 1000000")
	}
	return nil
}

// intOption sets a whole number from min to max.
func intOption(min, max int64, set func(c *config, n int64)) func(*config, string) error {
	return func(c *config, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < min || n > max {
			return fmt.Errorf("must be a whole number from %d to %d", min, max)
		}
		set(c, n)
		return nil
	}
}

func setTrustedProxies(c *config, v string) error {
	for part := range strings.SplitSeq(v, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if ip := net.ParseIP(part); ip != nil {
			part = fmt.Sprintf("%s/%d", part, 8*len(shortestIP(ip)))
		}
		_, network, err := net.ParseCIDR(part)
		if err != nil {
			return fmt.Errorf("holds %q, which is no address or network", part)
		}
		c.trustedProxies = append(c.trustedProxies, network)
	}
	return nil
}

func shortestIP(ip net.IP) net.IP {
	if v4 := ip.To4(); v4 != nil {
		return v4
	}
	return ip
}

func setDatabaseURL(c *config, v string) error {
	u, err := url.Parse(v)
	if v != "" && (err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql") { // never repeated: it holds a password
		return errors.New("must be a URL that begins with postgres://")
	}
	c.databaseURL = v
	return nil
}

func setNATSURL(c *config, v string) error {
	for part := range strings.SplitSeq(v, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if v != "" && (err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Host == "") {
			return errors.New("must be nats://host or tls://host, more of them separated by commas")
		}
	}
	c.natsURL = v
	return nil
}

func setSMTPURL(c *config, v string) (err error) {
	if v != "" {
		c.email, err = email.Parse(v)
	}
	return err
}

func setNtfyURL(c *config, v string) (err error) {
	if v != "" {
		c.ntfy, err = ntfy.Parse(v)
	}
	return err
}

func setS3URL(c *config, v string) error {
	if v == "" {
		return nil
	}
	c.s3URL = v
	return storage.CheckS3(v)
}

func setTLSDomain(c *config, v string) error {
	if strings.ContainsAny(v, ":/ ") || v != "" && !strings.Contains(v, ".") {
		return errors.New("must be a domain, such as chat.example.org")
	}
	c.tls.domain = v
	return nil
}

// validate checks settings that need each other.
func (c *config) validate() error {
	switch {
	case c.natsURL != "" && c.databaseURL == "":
		return errors.New("NATS_URL needs DATABASE_URL: nodes that tell each other share a PostgreSQL")
	case (c.tls.certFile == "") != (c.tls.keyFile == ""):
		return errors.New("CHARLA_TLS_CERT and CHARLA_TLS_KEY need each other")
	case c.tls.certFile != "" && c.tls.domain != "":
		return errors.New("CHARLA_TLS_DOMAIN fetches certificates: CHARLA_TLS_CERT is one too many")
	case c.tls.enabled() && c.baseURL != nil && c.baseURL.Scheme != "https":
		return errors.New("CHARLA_BASE_URL must be https where TLS is on")
	case c.tls.domain != "" && c.baseURL == nil:
		c.baseURL = &url.URL{Scheme: "https", Host: c.tls.domain}
	}
	switch {
	case c.email != nil && c.baseURL == nil:
		return errors.New("SMTP_URL needs CHARLA_BASE_URL: letters carry links")
	case c.ntfy != nil && c.baseURL == nil:
		return errors.New("CHARLA_NTFY_URL needs CHARLA_BASE_URL: pushes carry links")
	}
	return nil
}

// loadConfig reads flags, then the environment, then the defaults. Help is written to usage; a wrong value is an error of
// one line.
func loadConfig(args, environ []string, usage io.Writer) (config, error) {
	values, err := readEnvironment(environ)
	if err != nil {
		return config{}, err
	}
	flags := flag.NewFlagSet("charla", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, o := range options {
		flags.Func(o.flagName(), o.help, func(v string) error { values[o.env] = v; return nil })
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		printHelp(usage)
		return config{}, err
	} else if err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("%q is no command: see charla --help", flags.Arg(0))
	}
	var c config
	for _, o := range options {
		v, given := values[o.env]
		if !given {
			v = o.defaultValue
		}
		if err := o.set(&c, v); err != nil {
			return config{}, fmt.Errorf("%s %w", o.env, err)
		}
	}
	return c, c.validate()
}

// readEnvironment picks our variables. One that begins with CHARLA_ and is none of ours is a mistake that must not pass.
func readEnvironment(environ []string) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch ours := slices.ContainsFunc(options, func(o option) bool { return o.env == name }); {
		case ours && value != "":
			values[name] = value
		case !ours && strings.HasPrefix(name, "CHARLA_"):
			return nil, fmt.Errorf("%s is no setting of Charla: see charla --help", name)
		}
	}
	return values, nil
}

func printHelp(w io.Writer) {
	fmt.Fprint(w, "Charla: a chat for a community, made of hypermedia.\n\n"+
		"  charla [settings]          serve\n  charla seed N [settings]   make N people with sessions, to measure with\n"+
		"  charla rotate-keys [settings]   sign access tokens with a new key\n"+
		"  charla version             say which version this is\n\n"+
		"Settings are environment variables, or flags of the same names:\n\n")
	for _, o := range options {
		value := o.defaultValue
		if value == "" {
			value = "empty"
		}
		fmt.Fprintf(w, "  %-24s --%s\n      %s (%s)\n", o.env, o.flagName(), o.help, value)
	}
}
