-- What the runs of a finished hour or day (UTC) added up to, so that a dashboard counts them once.
CREATE TABLE run_stats (
    org_id  uuid NOT NULL,
    hours   bigint NOT NULL CHECK (hours IN (1, 24)),
    at      timestamptz NOT NULL,
    data    bytea NOT NULL,
    PRIMARY KEY (org_id, hours, at)
);
