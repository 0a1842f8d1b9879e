#include "net/smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SUBMISSION_PORT = 587, SUBMISSIONS_PORT = 465, URL_BYTES = 600, URL_TEXT_BYTES = 4200 };

struct ag_smtp {
    struct ag_smtp_options options;
    bool implicit_tls;
    char *user, *password; /* NULL: none */
    char url[URL_BYTES];   /* without them, with the name for HELO as its path */
};

enum ag_err ag_starttls_parse(struct ag_str name, enum ag_starttls *ret_starttls)
{
    static const char *const names[] = {"required", "optional", "off"};
    for (unsigned i = 0; i < AG_COUNT(names); i++) {
        if (!ag_str_eq(name, ag_str(names[i]))) continue;
        *ret_starttls = (enum ag_starttls)i;
        return AG_OK;
    }
    return ag_fail(AG_E_CONFIG, "STARTTLS is required, optional or off");
}

/* ---- the URL ---- */

static void wipe_free(char *text)
{
    if (text) explicit_bzero(text, strlen(text));
    curl_free(text);
}

/* A part of the URL, decoded where it may hold escapes; NULL when it has none. */
static char *url_part(CURLU *parsed, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(parsed, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static enum ag_err check_rest(CURLU *parsed)
{
    char *path = url_part(parsed, CURLUPART_PATH, 0);
    char *query = url_part(parsed, CURLUPART_QUERY, 0);
    char *fragment = url_part(parsed, CURLUPART_FRAGMENT, 0);
    bool bare = !query && !fragment && (!path || strcmp(path, "/") == 0);
    curl_free(path);
    curl_free(query);
    curl_free(fragment);
    return bare ? AG_OK : ag_fail(AG_E_CONFIG, "the URL of a mail server ends with host and port");
}

static enum ag_err write_url(struct ag_smtp *smtp, CURLU *parsed)
{
    char *scheme = url_part(parsed, CURLUPART_SCHEME, 0);
    char *host = url_part(parsed, CURLUPART_HOST, 0);
    char *port = url_part(parsed, CURLUPART_PORT, 0);
    bool plain = scheme && strcmp(scheme, "smtp") == 0;
    smtp->implicit_tls = scheme && strcmp(scheme, "smtps") == 0;
    char standard[8];
    snprintf(standard, sizeof(standard), "%d", plain ? SUBMISSION_PORT : SUBMISSIONS_PORT);
    int len = -1;
    if ((plain || smtp->implicit_tls) && host && *host)
        len = snprintf(smtp->url, sizeof(smtp->url), "%s://%s:%s/%.*s", scheme, host,
                       port ? port : standard, AG_STR_ARG(smtp->options.helo));
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    if (len > 0 && (size_t)len < sizeof(smtp->url)) return AG_OK;
    return ag_fail(AG_E_CONFIG, "this is not smtp://user:password@host:port, nor smtps://");
}

static enum ag_err read_url(struct ag_smtp *smtp, CURLU *parsed, const char *text)
{
    if (curl_url_set(parsed, CURLUPART_URL, text, 0) != CURLUE_OK)
        return ag_fail(AG_E_CONFIG, "this is not smtp://user:password@host:port, nor smtps://");
    AG_TRY(check_rest(parsed));
    AG_TRY(write_url(smtp, parsed));
    /* An escaped control character makes curl refuse to decode them. */
    smtp->user = url_part(parsed, CURLUPART_USER, CURLU_URLDECODE);
    smtp->password = url_part(parsed, CURLUPART_PASSWORD, CURLU_URLDECODE);
    if (!smtp->user != !smtp->password)
        return ag_fail(AG_E_CONFIG, "a mail server is told a user and a password, or neither");
    if (smtp->password && !smtp->implicit_tls && smtp->options.starttls != AG_STARTTLS_REQUIRED)
        return ag_fail(AG_E_CONFIG,
                       "the password would go out in clear: use smtps://, or require STARTTLS");
    return AG_OK;
}

static enum ag_err parse(struct ag_smtp *smtp, struct ag_str url)
{
    char text[URL_TEXT_BYTES];
    if (url.len >= sizeof(text)) return ag_fail(AG_E_CONFIG, "this URL is too long");
    CURLU *parsed = curl_url();
    if (!parsed) return ag_fail(AG_E_NO_MEMORY, "no memory for a URL");
    snprintf(text, sizeof(text), "%.*s", AG_STR_ARG(url));
    enum ag_err err = read_url(smtp, parsed, text);
    explicit_bzero(text, sizeof(text));
    curl_url_cleanup(parsed);
    return err;
}

enum ag_err ag_smtp_new(const struct ag_smtp_options *options, struct ag_smtp **ret_smtp)
{
    /* Counted by curl; the first time before any thread has begun. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ag_fail(AG_E_NO_MEMORY, "curl does not start");
    struct ag_smtp *smtp = calloc(1, sizeof(*smtp));
    if (!smtp) return ag_fail(AG_E_NO_MEMORY, "no memory for a mail server");
    smtp->options = *options;
    enum ag_err err = parse(smtp, options->url);
    if (err != AG_OK) {
        ag_smtp_free(smtp);
        return err;
    }
    *ret_smtp = smtp;
    return AG_OK;
}

void ag_smtp_free(struct ag_smtp *smtp)
{
    if (!smtp) return;
    curl_free(smtp->user);
    wipe_free(smtp->password);
    free(smtp);
}

/* ---- one mail ---- */

struct sending {
    const struct ag_smtp *smtp;
    const atomic_bool *stop;
    struct ag_str left; /* of the message */
    bool denied;
    char detail[CURL_ERROR_SIZE];
};

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
    struct sending *sending = arg;
    size_t len = AG_MIN(size * count, sending->left.len);
    if (len > 0) memcpy(out, sending->left.data, len);
    sending->left = ag_str_sub(sending->left, len, sending->left.len);
    return len;
}

/* curl calls it about once a second, also while it waits for an answer. */
static int on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                       curl_off_t up)
{
    const struct sending *sending = arg;
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return sending->stop && atomic_load(sending->stop);
}

/* What the server answers is not shown to anybody. */
static size_t on_answer(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct sending *sending = arg;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    if (ag_egress_judge(sending->smtp->options.egress, AG_EGRESS_OPERATOR, &addr->addr,
                        addr->addrlen) != AG_OK) {
        sending->denied = true;
        return CURL_SOCKET_BAD;
    }
    return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

static void set_connection(CURL *easy, struct sending *sending)
{
    static const long tls[] = {
        [AG_STARTTLS_REQUIRED] = CURLUSESSL_ALL,
        [AG_STARTTLS_OPTIONAL] = CURLUSESSL_TRY,
        [AG_STARTTLS_OFF] = CURLUSESSL_NONE,
    };
    const struct ag_smtp *smtp = sending->smtp;
    const struct ag_smtp_options *options = &smtp->options;
    const char *ca_file = getenv("SSL_CERT_FILE");
    curl_easy_setopt(easy, CURLOPT_URL, smtp->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* nor those of the environment */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, sending);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->total_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     (long)AG_MAX(options->total_timeout_ms / 1000, 1));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (ca_file && *ca_file) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     smtp->implicit_tls ? (long)CURLUSESSL_ALL : tls[options->starttls]);
    if (!smtp->password) return;
    curl_easy_setopt(easy, CURLOPT_USERNAME, smtp->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, smtp->password);
}

static void set_mail(CURL *easy, struct sending *sending, const char *from, struct curl_slist *to)
{
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, sending);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)sending->left.len);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, sending);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, sending->detail);
}

static enum ag_err failure(const struct sending *sending, CURLcode result, long code)
{
    const char *why = sending->detail[0] ? sending->detail : curl_easy_strerror(result);
    switch (result) {
    case CURLE_ABORTED_BY_CALLBACK:
        return ag_fail(AG_E_CANCELED, "the server stopped");
    case CURLE_OPERATION_TIMEDOUT:
        return ag_fail(AG_E_UPSTREAM_TIMEOUT, "the mail server took too long: %s", why);
    case CURLE_OUT_OF_MEMORY:
        return ag_fail(AG_E_NO_MEMORY, "no memory for a mail");
    case CURLE_LOGIN_DENIED:
        return ag_fail(AG_E_UPSTREAM_AUTH, "the mail server refused user and password");
    case CURLE_COULDNT_CONNECT:
        if (sending->denied)
            return ag_fail(AG_E_EGRESS_DENIED,
                           "the mail server's address is not one that may be dialled");
        return ag_fail(AG_E_UPSTREAM_UNREACHABLE, "the mail server cannot be connected: %s", why);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
        return ag_fail(AG_E_UPSTREAM_UNREACHABLE, "the mail server cannot be talked to: %s", why);
    default:
        return ag_fail(code >= 500 && code < 600 ? AG_E_UPSTREAM_REJECTED : AG_E_UPSTREAM_ERROR,
                       "the mail server said %ld: %s", code, why);
    }
}

enum ag_err ag_smtp_send(const struct ag_smtp *smtp, const char *from, const char *to,
                         struct ag_str message, const atomic_bool *stop)
{
    struct sending sending = {.smtp = smtp, .stop = stop, .left = message};
    CURL *easy = curl_easy_init();
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    if (!easy || !recipients) {
        curl_easy_cleanup(easy);
        curl_slist_free_all(recipients);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a mail");
    }
    set_connection(easy, &sending);
    set_mail(easy, &sending, from, recipients);
    long code = 0;
    CURLcode result = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    enum ag_err err = result == CURLE_OK ? AG_OK : failure(&sending, result, code);
    curl_easy_cleanup(easy);
    curl_slist_free_all(recipients);
    return err;
}
