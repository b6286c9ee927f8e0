package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"charla/chat"
	"charla/notify/email"
	"charla/notify/ntfy"
	"charla/storage"
)

// option is a setting. It can be set by an environment variable, or by a flag whose name is derived from the variable.
type option struct {
	env, defaultValue, help string
	set                     func(c *config, value string) error
}

// flagName returns the name of the option's flag, such as base-url for CHARLA_BASE_URL.
func (o option) flagName() string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(o.env, "CHARLA_"), "_", "-"))
}

var options = []option{
	{"CHARLA_ADDR", "127.0.0.1:8080",
		"the address to listen on, host:port", setAddr},
	{"CHARLA_DATA", "./data",
		"the directory for the SQLite database, files and certificates from Let's Encrypt", setData},
	{"CHARLA_BASE_URL", "",
		"the URL at which people reach Charla, such as https://chat.example.org; " +
			"with https, a proxy in front of Charla must provide TLS and HTTP/2", setBaseURL},
	{"CHARLA_TIMEZONE", "Local",
		"the time zone in which days begin, such as Europe/Madrid", setTimezone},
	{"CHARLA_RATE", "1",
		"a factor for all rate limits; 0 switches them off", setRate},
	{"CHARLA_TRUSTED_PROXIES", "",
		"comma-separated addresses or networks of proxies whose X-Forwarded-For header is trusted", setTrustedProxies},
	{"CHARLA_SECURITY_CONTACT", "",
		"an e-mail address, or an https:// page, for reports of vulnerabilities; " +
			"Charla publishes it at /.well-known/security.txt", setSecurityContact},
	{"DATABASE_URL", "",
		"postgres://… to use PostgreSQL; SQLite if empty", setDatabaseURL},
	{"NATS_URL", "",
		"comma-separated nats://… URLs of the NATS servers that connect the nodes sharing one DATABASE_URL",
		setNATSURL},
	{"SMTP_URL", "",
		"smtp://user:password@host:587?from=Charla%20<charla@example.org> to send e-mails; " +
			"smtps:// uses TLS from the start",
		setSMTPURL},
	{"CHARLA_NTFY_URL", "",
		"the URL of an ntfy server, such as https://ntfy.example.org, to send push notifications", setNtfyURL},
	{"S3_URL", "",
		"https://KEY:SECRET@host/bucket?region=… to store files in S3-compatible storage; CHARLA_DATA if empty",
		setS3URL},
	{"CHARLA_METRICS_ADDR", "",
		"the address to serve Prometheus metrics on at /metrics, host:port; requests are not authenticated",
		setMetricsAddr},
	{"CHARLA_FILE_SIZE", fmt.Sprint(chat.DefaultFileLimits.FileBytes >> 20),
		"the maximum size of a file in MB", setFileSize},
	{"CHARLA_FILES", fmt.Sprint(chat.DefaultFileLimits.FilesPerMessage),
		"the maximum number of files in a message", setMaxFiles},
	{"CHARLA_QUOTA", fmt.Sprint(chat.DefaultFileLimits.QuotaBytes >> 20),
		"the maximum size of all files of one person in MB; 0 means no limit", setQuota},
	{"CHARLA_TLS_DOMAIN", "",
		"serve HTTPS and HTTP/2 with certificates from Let's Encrypt for this domain, stored in CHARLA_DATA; " +
			"requires port 443", setTLSDomain},
	{"CHARLA_TLS_CERT", "",
		"serve HTTPS and HTTP/2 with the certificate in this file", setTLSCert},
	{"CHARLA_TLS_KEY", "",
		"the file with the private key of that certificate", setTLSKey},
}

func setAddr(c *config, v string) error {
	c.addr = v
	return checkAddr(v)
}

func setMetricsAddr(c *config, v string) error {
	c.metricsAddr = v
	if v == "" {
		return nil
	}
	return checkAddr(v)
}

func checkAddr(v string) error {
	_, port, err := net.SplitHostPort(v)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return errors.New("must be host:port, with a port from 0 to 65535")
	}
	return nil
}

func setData(c *config, v string) error {
	c.data = v
	return nil
}

func setBaseURL(c *config, v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be http:// or https:// followed by a host, and nothing else")
	}
	c.baseURL = u
	return nil
}

func setTimezone(c *config, v string) error {
	zone, err := time.LoadLocation(v)
	if err != nil {
		return errors.New("is not a time zone that this machine knows")
	}
	c.timezone = zone
	return nil
}

func setRate(c *config, v string) error {
	rate, err := strconv.ParseFloat(v, 64)
	if err != nil || !(rate >= 0 && rate <= 1e6) { // this form also refuses NaN
		return errors.New("must be a number from 0 to 1000000")
	}
	c.rate = rate
	return nil
}

// parseInt parses a whole number. It returns an error if the number is below min or above max.
func parseInt(v string, min, max int64) (int64, error) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < min || n > max {
		return 0, fmt.Errorf("must be a whole number from %d to %d", min, max)
	}
	return n, nil
}

func setFileSize(c *config, v string) error {
	megabytes, err := parseInt(v, 1, 10_000)
	c.fileLimits.FileBytes = megabytes << 20
	return err
}

func setMaxFiles(c *config, v string) error {
	n, err := parseInt(v, 1, 100)
	c.fileLimits.FilesPerMessage = int(n)
	return err
}

func setQuota(c *config, v string) error {
	megabytes, err := parseInt(v, 0, 1_000_000_000)
	c.fileLimits.QuotaBytes = megabytes << 20
	return err
}

func setTrustedProxies(c *config, v string) error {
	for part := range strings.SplitSeq(v, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		network, err := parseNetwork(part)
		if err != nil {
			return fmt.Errorf("contains %q, which is not an IP address or network", part)
		}
		c.trustedProxies = append(c.trustedProxies, network)
	}
	return nil
}

// parseNetwork parses a network in CIDR notation, such as 10.0.0.0/8. A single address becomes a network that contains
// only this address.
func parseNetwork(v string) (*net.IPNet, error) {
	ip := net.ParseIP(v)
	if ip == nil {
		_, network, err := net.ParseCIDR(v)
		return network, err
	}
	if v4 := ip.To4(); v4 != nil {
		ip = v4
	}
	bits := 8 * len(ip)
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)}, nil
}

// setSecurityContact stores the contact as a URI, which is mailto: for an e-mail address.
func setSecurityContact(c *config, v string) error {
	if v == "" {
		return nil
	}
	address := strings.TrimPrefix(v, "mailto:")
	if email, _, err := chat.CleanEmail(address); err == nil {
		c.securityContact = (&url.URL{Scheme: "mailto", Opaque: url.PathEscape(email)}).String()
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return errors.New("must be an e-mail address, or the https:// address of a page")
	}
	c.securityContact = u.String()
	return nil
}

// setDatabaseURL stores the URL after checking its scheme. The error of a wrong URL does not contain the URL, because
// it may hold a password.
func setDatabaseURL(c *config, v string) error {
	u, err := url.Parse(v)
	if v != "" && (err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return errors.New("must be a URL that begins with postgres://")
	}
	c.databaseURL = v
	return nil
}

func setNATSURL(c *config, v string) error {
	for part := range strings.SplitSeq(v, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if v != "" && (err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Host == "") {
			return errors.New("must be nats://host or tls://host, or several of them separated by commas")
		}
	}
	c.natsURL = v
	return nil
}

func setSMTPURL(c *config, v string) (err error) {
	if v == "" {
		return nil
	}
	c.email, err = email.Parse(v)
	return err
}

func setNtfyURL(c *config, v string) (err error) {
	if v == "" {
		return nil
	}
	c.ntfy, err = ntfy.Parse(v)
	return err
}

func setS3URL(c *config, v string) error {
	if v == "" {
		return nil
	}
	c.s3URL = v
	return storage.CheckS3(v)
}

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]$`)

// setTLSDomain stores the domain for which Charla fetches certificates. Let's Encrypt gives none for wildcards in the
// way in which Charla proves that it controls the domain, and autocert asks for none for IP addresses.
func setTLSDomain(c *config, v string) error {
	c.tls.domain = v
	ascii, err := idna.Lookup.ToASCII(v)
	lastLabel := v[strings.LastIndexByte(v, '.')+1:]
	switch {
	case v == "":
		return nil
	case strings.Contains(v, "*"):
		return errors.New("must be one domain, such as chat.example.org: Charla cannot fetch certificates for " +
			"wildcards, but it can use one from a file in CHARLA_TLS_CERT")
	case net.ParseIP(strings.Trim(v, "[]")) != nil, strings.Trim(lastLabel, "0123456789") == "":
		return errors.New(
			"must be a domain, such as chat.example.org: Charla cannot fetch certificates for IP addresses",
		)
	case err != nil, !domainName.MatchString(ascii):
		return errors.New("must be a domain, such as chat.example.org")
	}
	return nil
}

func setTLSCert(c *config, v string) error {
	c.tls.certFile = v
	return nil
}

func setTLSKey(c *config, v string) error {
	c.tls.keyFile = v
	return nil
}
