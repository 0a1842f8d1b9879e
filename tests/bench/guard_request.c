#include "guard_request.h"

#include "http/conn.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { EXTRA_BYTES = 4096 };

struct ag_request *guard_request_new(struct ag_arena *arena)
{
    struct ag_conn *conn = calloc(1, sizeof(*conn));
    if (!conn) return NULL;
    conn->peer.v4 = (struct sockaddr_in){.sin_family = AF_INET};
    inet_pton(AF_INET, "192.0.2.1", &conn->peer.v4.sin_addr);
    ag_buf_init(&conn->extra, NULL, EXTRA_BYTES);
    conn->req.arena = arena;
    conn->req.conn = conn;
    return &conn->req;
}

void guard_request_free(struct ag_request *req)
{
    if (!req) return;
    ag_buf_done(&req->conn->extra);
    free(req->conn);
}

void guard_request_clear(struct ag_request *req)
{
    ag_buf_clear(&req->conn->extra);
}
