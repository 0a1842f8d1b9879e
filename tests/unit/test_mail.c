/* Mails: how one is written, what stands in it, and the queue they leave by. */
#include "test_help.h"

#include "base/log.h"
#include "core/mail.h"
#include "net/mailer.h"
#include "net/mime.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct ag_uuid some_id = {
    {0x01, 0x97, 0x6a, 0x5d, 0x9d, 0x80, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};

static struct ag_mime_mail simple(void)
{
    return (struct ag_mime_mail){
        .id = some_id,
        .from_name = AG_STR("Agents"),
        .from = AG_STR("agents@example.com"),
        .to = AG_STR("ada@mail.test"),
        .subject = AG_STR("Hello"),
        .text = AG_STR("One\nTwo\n"),
        .html = AG_STR("<p>One</p>\n"),
    };
}

static struct ag_str written(const struct ag_mime_mail *mail, struct ag_arena *arena)
{
    struct ag_buf out;
    ag_buf_init(&out, arena, AG_MIME_MAX_BYTES);
    assert_ok(ag_mime_write(mail, &out));
    return ag_buf_str(&out);
}

static bool has(struct ag_str text, const char *part)
{
    return ag_str_find(text, ag_str(part)) >= 0;
}

/* ---- writing one ---- */

static void a_whole_mail(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_mime_mail mail = simple();
    assert_str(written(&mail, &arena),
               "Date: Fri, 13 Jun 2025 17:36:49 +0000\r\n"
               "From: \"Agents\"\r\n <agents@example.com>\r\n"
               "To: <ada@mail.test>\r\n"
               "Subject: Hello\r\n"
               "Message-ID: <01976a5d-9d80-7000-8000-000000000001@example.com>\r\n"
               "Auto-Submitted: auto-generated\r\n"
               "MIME-Version: 1.0\r\n"
               "Content-Type: multipart/alternative;\r\n"
               " boundary=\"=_01976a5d-9d80-7000-8000-000000000001\"\r\n\r\n"
               "--=_01976a5d-9d80-7000-8000-000000000001\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
               "One\r\nTwo\r\n"
               "--=_01976a5d-9d80-7000-8000-000000000001\r\n"
               "Content-Type: text/html; charset=utf-8\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
               "<p>One</p>\r\n"
               "--=_01976a5d-9d80-7000-8000-000000000001--\r\n");
    ag_arena_done(&arena);
}

static void names_and_subjects_are_encoded(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_mime_mail mail = simple();
    mail.from_name = AG_STR("A \"b\" \\ c");
    mail.subject = AG_STR("Grüße");
    struct ag_str text = written(&mail, &arena);
    assert_true(has(text, "From: \"A \\\"b\\\" \\\\ c\"\r\n <agents@example.com>\r\n"));
    assert_true(has(text, "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"));
    mail.from_name = AG_STR("");
    mail.subject = AG_STR("=?UTF-8?B?ZXZpbA==?=");
    text = written(&mail, &arena);
    assert_true(has(text, "From: <agents@example.com>\r\n"));
    assert_false(has(text, "ZXZpbA=="));
    /* Long ones go over several lines, none of which cuts a character in two. */
    mail.subject = AG_STR("ääääääääääääääääääääääääääääääääääääääääääääääääääääää");
    text = written(&mail, &arena);
    assert_true(has(text, "=?=\r\n =?UTF-8?B?") || has(text, "?=\r\n =?UTF-8?B?"));
    for (struct ag_str line; ag_str_split(&text, '\n', &line);)
        assert_true(line.len <= 77); /* with the CR */
    ag_arena_done(&arena);
}

static void nothing_begins_a_header(void **state)
{
    static const char *const texts[] = {
        "a\r\nBcc: b@c.test", "a\nb", "a\rb", "a\x7f", "a\tb", "a\xff", "a\xc3"};
    static const char *const addresses[] = {"",
                                            "@",
                                            "a@",
                                            "@b",
                                            "a@b\r\nRCPT TO:<c@d>",
                                            "a@b>",
                                            "<a@b",
                                            "a b@c",
                                            "a@b c",
                                            "a@b,c@d",
                                            "a@@b",
                                            "a@b@c",
                                            "\"a\"@b",
                                            "a(b)@c",
                                            "a\\@b",
                                            "a@[127.0.0.1]",
                                            "a@b;c",
                                            "a:b@c",
                                            "\xc3\xa4@b.test",
                                            "a@\xc3\xa4.test",
                                            "a\x01@b"};
    struct ag_arena arena;
    struct ag_buf out;
    ag_arena_init(&arena);
    for (size_t i = 0; i < AG_COUNT(texts); i++) {
        for (int field = 0; field < 2; field++) {
            struct ag_mime_mail mail = simple();
            *(field ? &mail.subject : &mail.from_name) = ag_str(texts[i]);
            ag_buf_init(&out, &arena, AG_MIME_MAX_BYTES);
            assert_int_equal(ag_mime_write(&mail, &out), AG_E_INVALID);
            assert_int_equal(out.len, 0);
        }
    }
    for (size_t i = 0; i < AG_COUNT(addresses); i++) {
        for (int field = 0; field < 2; field++) {
            struct ag_mime_mail mail = simple();
            *(field ? &mail.to : &mail.from) = ag_str(addresses[i]);
            ag_buf_init(&out, &arena, AG_MIME_MAX_BYTES);
            assert_int_equal(ag_mime_write(&mail, &out), AG_E_INVALID);
            assert_int_equal(out.len, 0);
        }
    }
    assert_ok(ag_mime_check_address(AG_STR("a.b+c=d!#$%&'*/?^_`{|}~-@sub.example-1.com")));
    ag_arena_done(&arena);
}

static struct ag_str body_of(const char *text, struct ag_arena *arena)
{
    struct ag_mime_mail mail = simple();
    mail.text = ag_str(text);
    struct ag_str whole = written(&mail, arena);
    ptrdiff_t begin = ag_str_find(whole, AG_STR("printable\r\n\r\n"));
    struct ag_str rest = ag_str_sub(whole, (size_t)begin + 13, whole.len);
    return ag_str_sub(rest, 0, (size_t)ag_str_find(rest, AG_STR("--=_")));
}

static void bodies_are_quoted_printable(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_str(body_of("a=b\n", &arena), "a=3Db\r\n");
    assert_str(body_of("ä€😀\n", &arena), "=C3=A4=E2=82=AC=F0=9F=98=80\r\n");
    assert_str(body_of("tail \nx\t\n", &arena), "tail=20\r\nx=09\r\n");
    assert_str(body_of(".\n..a\nFrom x\na. F.\n", &arena), "=2E\r\n=2E.a\r\n=46rom x\r\na. F.\r\n");
    assert_str(body_of("a\r\nb\rc\n", &arena), "a\r\nb=0Dc\r\n");
    assert_str(body_of("--=_01976a5d-9d80-7000-8000-000000000001\n\n", &arena),
               "--=3D_01976a5d-9d80-7000-8000-000000000001\r\n\r\n");
    char line[301];
    memset(line, 'x', 300);
    line[300] = '\0';
    struct ag_str body = body_of(line, &arena);
    for (struct ag_str part; ag_str_split(&body, '\n', &part);)
        assert_true(part.len <= 77);
    ag_arena_done(&arena);
}

static void mailboxes_are_read(void **state)
{
    static const struct {
        const char *text, *name, *address; /* address NULL: refused */
    } cases[] = {
        {"a@b.test", "", "a@b.test"},
        {" <a@b.test> ", "", "a@b.test"},
        {"Agents <a@b.test>", "Agents", "a@b.test"},
        {"\"The Agents\" <a@b.test>", "The Agents", "a@b.test"},
        {"Ägenten  <a@b.test>", "Ägenten", "a@b.test"},
        {"Agents <a@b.test", NULL, NULL},
        {"Agents a@b.test>", NULL, NULL},
        {"A <a@b.test>, B <b@b.test>", NULL, NULL},
        {"Agents", NULL, NULL},
        {"", NULL, NULL},
        {"<>", NULL, NULL},
        {"<", NULL, NULL},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_str name, address;
        enum ag_err err = ag_mime_parse_mailbox(ag_str(cases[i].text), &name, &address);
        assert_int_equal(err, cases[i].address ? AG_OK : AG_E_INVALID);
        if (!cases[i].address) continue;
        assert_str(name, cases[i].name);
        assert_str(address, cases[i].address);
    }
}

static enum ag_err write_one(void *arg)
{
    struct ag_mime_mail mail = simple();
    struct ag_buf out;
    (void)arg;
    ag_buf_init(&out, NULL, AG_MIME_MAX_BYTES);
    enum ag_err err = ag_mime_write(&mail, &out);
    ag_buf_done(&out);
    return err;
}

static void memory_may_run_out(void **state)
{
    assert_true(torture(write_one, NULL) >= 0);
}

/* ---- what stands in one ---- */

static void every_kind_has_its_words(void **state)
{
    const struct ag_mail_values values = {.name = AG_STR("Ada"),
                                          .other = AG_STR("new@mail.test"),
                                          .link = AG_STR("/page#token=agm_x")};
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (int kind = 0; kind < AG_MAIL_KINDS; kind++) {
        struct ag_mail mail;
        assert_ok(ag_mail_compose((enum ag_mail_kind)kind, AG_STR("https://a.test"), &values,
                                  &arena, &mail));
        const struct ag_mail_text *text = ag_mail_text((enum ag_mail_kind)kind);
        assert_non_null(text->name);
        assert_true(mail.subject.len > 0 && has(mail.text, "https://a.test"));
        assert_int_equal(has(mail.text, "https://a.test/page#token=agm_x\n"), text->action != NULL);
        assert_int_equal(has(mail.html, "<a href=\"https://a.test/page#token=agm_x\">"),
                         text->action != NULL);
        assert_false(has(mail.text, "{") || has(mail.html, "{name"));
    }
    ag_arena_done(&arena);
}

static void what_there_is_nothing_of_is_not_told(void **state)
{
    struct ag_mail_values values = {.name = AG_STR("Ada"), .other = AG_STR("Google, GitHub (2)")};
    struct ag_arena arena;
    struct ag_mail mail;
    ag_arena_init(&arena);
    assert_ok(ag_mail_compose(AG_MAIL_PASSWORD_CHANGED, AG_STR("https://a.test"), &values, &arena,
                              &mail));
    assert_true(has(mail.text, "as before: Google, GitHub (2)."));
    values.other = AG_STR("");
    assert_ok(ag_mail_compose(AG_MAIL_PASSWORD_CHANGED, AG_STR("https://a.test"), &values, &arena,
                              &mail));
    assert_false(has(mail.text, "as before") || has(mail.html, "as before"));
    assert_true(has(mail.text, "was changed.\n\nIf it was not you"));
    ag_arena_done(&arena);
}

static void typed_text_stays_text(void **state)
{
    struct ag_mail_values values = {.name = AG_STR("<b>A & 'B'\n\"https://evil.test/\xff"),
                                    .other = AG_STR("Org www.evil.test\r\n<i>"),
                                    .link = AG_STR("/x#token=y")};
    struct ag_arena arena;
    struct ag_mail mail;
    ag_arena_init(&arena);
    assert_ok(
        ag_mail_compose(AG_MAIL_INVITATION, AG_STR("https://a.test"), &values, &arena, &mail));
    assert_false(has(mail.text, "evil.test") || has(mail.html, "evil.test"));
    assert_false(has(mail.text, "https://e") || has(mail.html, "<b>") || has(mail.html, "<i>"));
    assert_true(has(mail.html, "&lt;b&gt;A &amp; &#39;B&#39; &quot;https"));
    assert_true(ag_utf8_valid(mail.text));
    /* An organisation's name is no address, though it may look like one. */
    values.other = AG_STR("www.evil.test/claim?id=@x.co");
    assert_ok(
        ag_mail_compose(AG_MAIL_INVITATION, AG_STR("https://a.test"), &values, &arena, &mail));
    assert_false(has(mail.text, "evil.test") || has(mail.text, "test/claim"));
    values.other = AG_STR("new@mail.test");
    assert_ok(
        ag_mail_compose(AG_MAIL_CHANGE_NOTICE, AG_STR("https://a.test"), &values, &arena, &mail));
    assert_true(has(mail.text, "new@mail.test"));
    /* Length is bounded, in characters. */
    char name[4 * 500 + 1] = "";
    for (size_t i = 0; i < 500; i++)
        memcpy(name + 4 * i, "😀", 4);
    values.name = ag_str_n(name, sizeof(name) - 1);
    assert_ok(ag_mail_compose(AG_MAIL_VERIFY, AG_STR("https://a.test"), &values, &arena, &mail));
    assert_true(mail.text.len < 2000);
    ag_arena_done(&arena);
}

/* ---- the queue ---- */

/* A socket that takes connections and says nothing. */
static int silent_listener(char url[64])
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    snprintf(url, 64, "smtp://127.0.0.1:%d", ntohs(addr.sin_port));
    return fd;
}

static struct ag_mailer *mailer_for(const char *url, struct ag_egress *egress)
{
    const struct ag_mailer_options options = {
        .smtp = {.url = ag_str(url),
                 .starttls = AG_STARTTLS_OFF,
                 .egress = egress,
                 .connect_timeout_ms = 300,
                 .total_timeout_ms = 600},
        .from = AG_STR("Agents <agents@example.com>"),
    };
    struct ag_mailer *mailer;
    assert_ok(ag_mailer_start(&options, &mailer));
    return mailer;
}

static void post_many(struct ag_mailer *mailer, int count, const char *to)
{
    for (int i = 0; i < count; i++) {
        const struct ag_mailer_mail mail = {.kind = "test",
                                            .to = ag_str(to),
                                            .subject = AG_STR("Hello"),
                                            .text = AG_STR("x\n"),
                                            .html = AG_STR("x\n")};
        ag_mailer_post(mailer, &mail);
    }
}

static void the_queue_is_bounded(void **state)
{
    char url[64];
    int fd = silent_listener(url);
    struct ag_egress *egress;
    struct ag_mailer_stats stats;
    assert_ok(ag_egress_new(AG_STR(""), &egress));
    struct ag_mailer *mailer = mailer_for(url, egress);
    post_many(mailer, AG_MAILER_QUEUE + 50, "ada@mail.test");
    ag_mailer_stats(mailer, &stats);
    assert_in_range(stats.queued, AG_MAILER_QUEUE - 1, AG_MAILER_QUEUE);
    assert_in_range(stats.dropped, 49, 50);
    ag_mailer_free(mailer); /* not drained: gives up at once */
    ag_mailer_free(NULL);
    ag_egress_free(egress);
    close(fd);
}

static void a_silent_server_is_given_up(void **state)
{
    char url[64];
    int fd = silent_listener(url);
    struct ag_egress *egress;
    struct ag_mailer_stats stats;
    assert_ok(ag_egress_new(AG_STR(""), &egress));
    struct ag_mailer *mailer = mailer_for(url, egress);
    post_many(mailer, 1, "ada@mail.test");
    int64_t from = ag_mono_ms();
    ag_mailer_drain(mailer, 20 * 1000);
    do {
        poll(NULL, 0, 20);
        ag_mailer_stats(mailer, &stats);
    } while (stats.failed == 0 && ag_mono_ms() - from < 10 * 1000);
    assert_int_equal(stats.failed, 1); /* one try: there is no time for another */
    assert_in_range(ag_mono_ms() - from, 300, 5000);
    ag_mailer_free(mailer);
    assert_in_range(ag_mono_ms() - from, 300, 8000);
    ag_egress_free(egress);
    close(fd);
}

static void what_is_no_mail_is_dropped(void **state)
{
    struct ag_egress *egress;
    struct ag_mailer_stats stats;
    assert_ok(ag_egress_new(AG_STR(""), &egress));
    struct ag_mailer *mailer = mailer_for("smtp://127.0.0.1:1", egress);
    post_many(mailer, 1, "ada@mail.test\r\nRCPT TO:<eve@mail.test>");
    ag_mailer_stats(mailer, &stats);
    assert_int_equal(stats.dropped, 1);
    assert_int_equal(stats.queued, 0);
    ag_mailer_free(mailer);
    ag_egress_free(egress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_mail),
        cmocka_unit_test(names_and_subjects_are_encoded),
        cmocka_unit_test(nothing_begins_a_header),
        cmocka_unit_test(bodies_are_quoted_printable),
        cmocka_unit_test(mailboxes_are_read),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(every_kind_has_its_words),
        cmocka_unit_test(what_there_is_nothing_of_is_not_told),
        cmocka_unit_test(typed_text_stays_text),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(a_silent_server_is_given_up),
        cmocka_unit_test(what_is_no_mail_is_dropped),
    };
    ag_log_set_level(AG_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
