/* The HTTP client over TLS: which certificates it takes, and what a handshake that fails, hangs or
 * is left becomes. The server's certificate is made here, for 127.0.0.1 only. */
#include "client_help.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls_server {
    int listener, port;
    char url[64];
    SSL_CTX *ctx;
    pthread_t thread;
    atomic_int handshakes, requests;
    atomic_bool stopping;
    enum { TLS, SILENT, NO_TLS } kind; /* SILENT accepts and says nothing */
};

static char cert_path[] = "/tmp/agentgen-test-cert-XXXXXX";
static EVP_PKEY *key;
static X509 *cert;

static void make_certificate(void)
{
    key = EVP_EC_gen("P-256");
    cert = X509_new();
    assert_non_null(key);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    assert_non_null(san);
    X509_add_ext(cert, san, -1);
    X509_EXTENSION_free(san);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);

    int fd = mkstemp(cert_path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_int_equal(PEM_write_X509(file, cert), 1);
    fclose(file);
}

static void serve_tls(struct tls_server *server, int fd)
{
    SSL *ssl = SSL_new(server->ctx);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        atomic_fetch_add(&server->handshakes, 1);
        char buf[4096];
        static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        while (SSL_read(ssl, buf, sizeof(buf)) > 0) {
            atomic_fetch_add(&server->requests, 1);
            SSL_write(ssl, reply, sizeof(reply) - 1);
        }
    }
    SSL_free(ssl);
}

/* One connection after the other is enough here. */
static void *tls_thread(void *arg)
{
    struct tls_server *server = arg;
    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0) return NULL;
        struct pollfd p = {.fd = fd, .events = POLLRDHUP};
        static const char plain[] = "HTTP/1.1 400 This is not TLS\r\n\r\n";
        if (server->kind == SILENT)
            poll(&p, 1, 3000);
        else if (server->kind == NO_TLS)
            (void)!send(fd, plain, sizeof(plain) - 1, MSG_NOSIGNAL);
        else if (!server->stopping)
            serve_tls(server, fd);
        close(fd);
    }
}

static void tls_start(struct tls_server *server, int kind)
{
    *server = (struct tls_server){.kind = kind};
    server->ctx = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(server->ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->ctx, key), 1);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&addr, &len), 0);
    server->port = ntohs(addr.sin_port);
    snprintf(server->url, sizeof(server->url), "https://127.0.0.1:%d/", server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, tls_thread, server), 0);
}

static void tls_stop(struct tls_server *server)
{
    server->stopping = true;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    SSL_CTX_free(server->ctx);
}

static bool serve_plain(struct upstream_call *call)
{
    return up_reply(call, 200, "", "plain");
}

static void free_on_little_stack(struct ag_call *call)
{
    if (!FRAMES_ARE_OTHER) paint();
    ag_call_free(call);
    if (FRAMES_ARE_OTHER) return;
    size_t used = painted_over();
    print_message("             stack used by leaving: %zu bytes\n", used);
    assert_true(used < 16 * 1024);
}

/* ---- certificates ---- */

static void untrusted(struct upstream *up)
{
    (void)up;
    struct tls_server server;
    tls_start(&server, TLS);
    struct ag_call_request request = request_to(server.url);
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_UNREACHABLE);
    assert_non_null(strstr(ag_diag_text(AG_OK), "certificate"));
    assert_int_equal(atomic_load(&server.requests), 0);
    tls_stop(&server);
}

static void unknown_certificate_is_refused(void **state)
{
    (void)state;
    unsetenv("SSL_CERT_FILE");
    with(untrusted, serve_plain);
}

static void trusted(struct upstream *up)
{
    (void)up;
    struct tls_server server;
    tls_start(&server, TLS);
    struct ag_call_request request = request_to(server.url);
    for (int i = 0; i < 5; i++) {
        int status;
        struct ag_str body = {0};
        assert_ok(fetch(&request, &status, &body));
        assert_str(body, "hello");
    }
    assert_int_equal(atomic_load(&server.handshakes), 1);
    assert_int_equal(atomic_load(&server.requests), 5);
    struct ag_call *call = start(&request); /* cut off with its reply unread */
    while (atomic_load(&server.requests) < 6)
        assert_ok(ag_fiber_sleep(1));
    free_on_little_stack(call);
    ag_http_client_free(AG_TAKE(client)); /* ends the kept connection, which the server serves */
    assert_ok(ag_http_client_new(egress, &client));

    char url[64];
    snprintf(url, sizeof(url), "https://localhost:%d/", server.port);
    request = request_to(url);
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_UNREACHABLE); /* not the name it is for */
    tls_stop(&server);
}

static void certificate_file_of_the_operator(void **state)
{
    (void)state;
    setenv("SSL_CERT_FILE", cert_path, 1);
    with(trusted, serve_plain);
    unsetenv("SSL_CERT_FILE");
}

/* ---- handshakes ---- */

static void no_handshake(struct upstream *up)
{
    (void)up;
    struct tls_server server;
    tls_start(&server, NO_TLS);
    struct ag_call_request request = request_to(server.url);
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_UNREACHABLE);
    tls_stop(&server);

    tls_start(&server, SILENT);
    request = request_to(server.url);
    request.connect_timeout_ms = 200;
    int64_t start_ms = ag_mono_ms();
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_TIMEOUT);
    assert_in_range(ag_mono_ms() - start_ms, 190, 1000);

    request.connect_timeout_ms = 5000; /* left in the middle of it */
    struct ag_call *call = start(&request);
    int status;
    assert_int_equal(ag_call_head(call, ag_deadline_in(50), &status), AG_E_TIMEOUT);
    free_on_little_stack(call);
    assert_int_equal(ag_http_client_connections(client), 0);
    tls_stop(&server);
}

static void handshakes_that_do_not_end(void **state)
{
    (void)state;
    with(no_handshake, serve_plain);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    make_certificate();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_certificate_is_refused),
        cmocka_unit_test(certificate_file_of_the_operator),
        cmocka_unit_test(handshakes_that_do_not_end),
    };
    int failed = cmocka_run_group_tests_name("client_tls", tests, NULL, NULL);
    unlink(cert_path);
    X509_free(cert);
    EVP_PKEY_free(key);
    return failed;
}
