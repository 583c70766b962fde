#include "edge/net/curl_handle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/address.h"

static bool has(const char *text)
{
    return text && *text;
}

static bool set_text(CURL *e, CURLoption option, const char *text)
{
    return curl_easy_setopt(e, option, text) == CURLE_OK;
}

static bool set_number(CURL *e, CURLoption option, long number)
{
    return curl_easy_setopt(e, option, number) == CURLE_OK;
}

static bool set_credentials(CURL *e, const struct http_peer_conf *conf)
{
    if (has(conf->authorization) || (!has(conf->username) && !has(conf->password)))
        return true;
    /* One scheme and not CURLAUTH_ANY: Basic then goes out with the first request, unasked. */
    return set_number(e, CURLOPT_HTTPAUTH,
                      (long)(conf->digest ? CURLAUTH_DIGEST : CURLAUTH_BASIC)) &&
           set_text(e, CURLOPT_USERNAME, has(conf->username) ? conf->username : "") &&
           set_text(e, CURLOPT_PASSWORD, has(conf->password) ? conf->password : "");
}

static bool set_tls(CURL *e, const struct http_peer_conf *conf)
{
    return set_number(e, CURLOPT_SSL_VERIFYPEER, conf->tls_verify ? 1 : 0) &&
           set_number(e, CURLOPT_SSL_VERIFYHOST, conf->tls_verify ? 2 : 0) &&
           (!has(conf->ca_cert) || set_text(e, CURLOPT_CAINFO, conf->ca_cert));
}

static bool is_near(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return address_is_near_v4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    return address->sa_family == AF_INET6 &&
           address_is_near_v6(
               ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
}

/* What a name has become is looked at here: it may be another address with each look. */
static curl_socket_t open_near(void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)user;
    if (purpose != CURLSOCKTYPE_IPCXN || !is_near(&to->addr))
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static bool set_reach(CURL *e, const struct http_peer_conf *conf)
{
    return !conf->nearby || curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_near) == CURLE_OK;
}

bool curl_handle_configure(CURL *e, const struct http_peer_conf *conf, const char *protocols)
{
    /* A curl built without proxies does not know this option, and needs it as little. */
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    return set_text(e, CURLOPT_PROTOCOLS_STR, protocols) &&
           set_text(e, CURLOPT_REDIR_PROTOCOLS_STR, protocols) &&
           set_number(e, CURLOPT_FOLLOWLOCATION, 0) && set_number(e, CURLOPT_NOSIGNAL, 1) &&
           /* Giving up on a name must not wait for the resolver's thread. */
           set_number(e, CURLOPT_QUICK_EXIT, 1) &&
           set_number(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           set_text(e, CURLOPT_USERAGENT, "dbus-opendtu") && set_tls(e, conf) &&
           set_reach(e, conf) && set_credentials(e, conf);
}

const char *curl_handle_host(const char *url, char *out, size_t size)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    snprintf(out, size, "%.*s", (int)strcspn(host, "/?#"), host);
    return out;
}

static bool is_secure(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0 || strncasecmp(url, "wss:", 4) == 0;
}

static bool reached(CURL *e, CURLINFO moment)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(e, moment, &us) == CURLE_OK && us > 0;
}

static void explain_timeout(CURL *e, const char *host, double limit_s, bool secure, char *why,
                            size_t size)
{
    if (reached(e, CURLINFO_STARTTRANSFER_TIME_T))
        snprintf(
            why, size,
            "the reply of %s was not complete within %g s: is it overloaded, is the radio link weak?",
            host, limit_s);
    else if (reached(e, CURLINFO_PRETRANSFER_TIME_T))
        snprintf(why, size, "%s took the request but gave no reply within %g s: is it overloaded?",
                 host, limit_s);
    else if (reached(e, CURLINFO_NAMELOOKUP_TIME_T))
        /* A TLS handshake that hangs looks the same from here. */
        snprintf(why, size, "no answer from %s within %g s: is the gateway on, is Host right%s?",
                 host, limit_s, secure ? ", does it speak https" : "");
    else
        snprintf(why, size,
                 "the name server gave no address for %s within %g s: write an IP address as Host?",
                 host, limit_s);
}

static void explain_connect(CURL *e, const char *host, bool nearby, char *why, size_t size)
{
    long error = 0;

    curl_easy_getinfo(e, CURLINFO_OS_ERRNO, &error);
    if (nearby && error == 0) /* open_near() refuses without one */
        snprintf(why, size,
                 "%s lies outside the house: what is added on the screen needs a private address",
                 host);
    else if (error == ECONNREFUSED)
        snprintf(
            why, size,
            "%s refused the connection: is Host (with its port) right, has the gateway started?",
            host);
    else if (error == EHOSTUNREACH || error == ETIMEDOUT)
        snprintf(why, size, "nobody answers at %s: is the gateway on, is Host right?", host);
    else if (error == ENETUNREACH)
        snprintf(why, size, "no route to %s: has this device a network?", host);
    else
        snprintf(why, size, "no connection to %s (%s)", host,
                 error ? strerror((int)error) : "no reason given");
}

/*
 * The words are mbedTLS'; a certificate with several faults is told by the first of these. Each names
 * both keys, and whether they help.
 */
static void explain_certificate(const char *detail, const char *host, char *why, size_t size)
{
    if (strstr(detail, "starts in the future"))
        snprintf(
            why, size,
            "the certificate of %s is not valid yet: is the clock of this device right? CACert "
            "does not help; TlsVerify=0 accepts any",
            host);
    else if (strstr(detail, "trusted CA"))
        snprintf(why, size,
                 "the certificate of %s is signed by nobody known: set CACert to its CA's "
                 "certificate, or TlsVerify=0 to accept any",
                 host);
    else if (strstr(detail, "Common Name"))
        snprintf(why, size,
                 "the certificate of %s is for another name: write that as Host. CACert does not "
                 "help; TlsVerify=0 accepts any",
                 host);
    else if (strstr(detail, "has expired"))
        snprintf(
            why, size,
            "the certificate of %s has expired: renew it, or is the clock wrong? CACert does not "
            "help; TlsVerify=0 accepts any",
            host);
    else
        snprintf(
            why, size,
            "the certificate of %s is refused (%.50s): set CACert, or TlsVerify=0 to accept any",
            host, detail);
}

static void explain_ca_file(const struct http_peer_conf *conf, char *why, size_t size)
{
    if (has(conf->ca_cert))
        snprintf(
            why, size,
            "cannot use CACert %.100s: is it there, a certificate in PEM? TlsVerify=0 needs none",
            conf->ca_cert);
    else
        snprintf(
            why, size,
            "this device has no list of CA certificates: set CACert, or TlsVerify=0 to accept any");
}

static enum reply_outcome explain_broken(CURL *e, const char *host, char *why, size_t size)
{
    if (reached(e, CURLINFO_STARTTRANSFER_TIME_T)) {
        snprintf(why, size, "%s broke the connection off amid its reply: did it restart?", host);
        return REPLY_CUT_OFF;
    }
    snprintf(why, size, "%s closed the connection without a reply: did it restart?", host);
    return REPLY_UNREACHABLE;
}

static enum reply_outcome explain(CURL *e, CURLcode code, const char *detail, const char *url,
                                  const struct http_peer_conf *conf, char *why, size_t why_size)
{
    char host[CURL_HANDLE_HOST_MAX];

    curl_handle_host(url, host, sizeof(host));
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        explain_timeout(e, host, conf->timeout_ms / 1000.0, is_secure(url), why, why_size);
        return REPLY_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
        snprintf(why, why_size,
                 "the name in %s is unknown: is Host right, does the name server work?", host);
        return REPLY_UNREACHABLE;
    case CURLE_COULDNT_CONNECT:
        explain_connect(e, host, conf->nearby, why, why_size);
        return REPLY_UNREACHABLE;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return explain_broken(e, host, why, why_size);
    case CURLE_PARTIAL_FILE:
        snprintf(why, why_size, "the reply of %s ended before it was complete: did it restart?",
                 host);
        return REPLY_CUT_OFF;
    case CURLE_FILESIZE_EXCEEDED:
        snprintf(why, why_size, "the reply of %s is larger than 1 MiB: is it a gateway at all?",
                 host);
        return REPLY_TOO_LARGE;
    case CURLE_PEER_FAILED_VERIFICATION:
        explain_certificate(detail, host, why, why_size);
        return REPLY_TLS;
    case CURLE_SSL_CACERT_BADFILE:
        explain_ca_file(conf, why, why_size);
        return REPLY_TLS;
    case CURLE_SSL_CONNECT_ERROR:
        snprintf(why, why_size,
                 "no TLS handshake with %s: does it speak https there? TlsVerify and CACert do not "
                 "help (%.60s)",
                 host, detail);
        return REPLY_TLS;
    case CURLE_URL_MALFORMAT:
        snprintf(why, why_size, "\"%s\" is no address that can be asked: is Host right?", host);
        return REPLY_FAILED;
    case CURLE_TOO_MANY_REDIRECTS:
        snprintf(why, why_size, "%s sends from one request to the next without end", host);
        return REPLY_FAILED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, that is: anything */
        snprintf(why, why_size, "what answers at %s does not speak HTTP: is Host right?", host);
        return REPLY_FAILED;
    default:
        snprintf(why, why_size, "asking %s failed: %.100s", host,
                 *detail ? detail : curl_easy_strerror(code));
        return REPLY_FAILED;
    }
}

enum reply_outcome curl_handle_explain(CURL *e, CURLcode code, const char *detail, const char *url,
                                       const struct http_peer_conf *conf, char *why,
                                       size_t why_size)
{
    enum reply_outcome outcome = explain(e, code, detail, url, conf, why, why_size);

    for (unsigned char *c = (unsigned char *)why; *c; c++) {
        if (*c < ' ') /* mbedTLS ends its explanations with a line feed */
            *c = ' ';
    }
    return outcome;
}

void curl_handle_explain_unauthorized(CURL *e, const char *url, const struct http_peer_conf *conf,
                                      char *why, size_t why_size)
{
    char host[CURL_HANDLE_HOST_MAX];
    long offered = 0;

    curl_handle_host(url, host, sizeof(host));
    curl_easy_getinfo(e, CURLINFO_HTTPAUTH_AVAIL, &offered);
    bool basic = (offered & (long)CURLAUTH_BASIC) != 0;
    bool digest = (offered & (long)CURLAUTH_DIGEST) != 0;
    if (has(conf->authorization))
        snprintf(why, why_size, "%s refuses the token: is Authorization right, has it expired?",
                 host);
    else if (!has(conf->username) && !has(conf->password) && !basic && !digest)
        snprintf(
            why, why_size,
            "%s wants to know who asks: set Username and Password, or Authorization if it is a "
            "token",
            host);
    else if (!has(conf->username) && !has(conf->password))
        snprintf(why, why_size, "%s wants a user name and a password: set Username and Password%s",
                 host, digest && !basic ? ", and DigestAuth=True" : "");
    else if (!conf->digest && digest && !basic)
        snprintf(why, why_size, "%s wants Digest authentication: set DigestAuth=True", host);
    else if (conf->digest && basic && !digest)
        snprintf(why, why_size, "%s wants Basic authentication: set DigestAuth=False", host);
    else
        snprintf(why, why_size, "%s refuses the credentials: are Username and Password right?",
                 host);
}
